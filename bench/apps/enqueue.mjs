// node enqueue.mjs <count> <at once> [echo]: sends tasks that do nothing, or give back their argument, `at once` of them in flight, and prints how long it took.
import { app, echo, noop } from './app.mjs';

const [count, atOnce] = process.argv.slice(2, 4).map(Number);
const task = process.argv[4] === 'echo' ? echo : noop;

await task.delay(0); // connected, declared and warm
const startMs = performance.now();
for (let sent = 1; sent < count; sent += atOnce) {
  const part = Math.min(atOnce, count - sent);
  if (part === 1) await task.delay(sent);
  else await Promise.all(Array.from({ length: part }, (_, index) => task.delay(sent + index)));
}
console.log(JSON.stringify({ count: count - 1, ms: performance.now() - startMs }));
await app.close();
