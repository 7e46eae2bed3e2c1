// node enqueue.mjs <count> <at once> [echo | later]: sends tasks that do nothing, give back their argument, or wait for an hour, `at once` of them in flight, and prints how long it took.
import { app, echo, noop } from './app.mjs';

const [count, atOnce] = process.argv.slice(2, 4).map(Number);
const send = {
  echo: (value) => echo.delay(value),
  later: (value) => noop.applyAsync([value], { countdown: 3600 }),
  noop: (value) => noop.delay(value),
}[process.argv[4] ?? 'noop'];

await send(0); // connected, declared and warm
const startMs = performance.now();
for (let sent = 1; sent < count; sent += atOnce) {
  const part = Math.min(atOnce, count - sent);
  if (part === 1) await send(sent);
  else await Promise.all(Array.from({ length: part }, (_, index) => send(sent + index)));
}
console.log(JSON.stringify({ count: count - 1, ms: performance.now() - startMs }));
await app.close();
