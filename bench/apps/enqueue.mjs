// node enqueue.mjs <count> <at once>: sends no-op tasks, `at once` of them in flight, and prints how long it took.
import { app, noop } from './app.mjs';

const [count, atOnce] = process.argv.slice(2).map(Number);

await noop.delay(0); // connected, declared and warm
const startMs = performance.now();
for (let sent = 1; sent < count; sent += atOnce) {
  const part = Math.min(atOnce, count - sent);
  if (part === 1) await noop.delay(sent);
  else await Promise.all(Array.from({ length: part }, (_, index) => noop.delay(sent + index)));
}
console.log(JSON.stringify({ count: count - 1, ms: performance.now() - startMs }));
await app.close();
