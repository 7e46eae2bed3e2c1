// node bull-enqueue.mjs <count> <at once>: adds jobs, `at once` of them in flight.
import { Queue } from 'bullmq';

const [count, atOnce] = process.argv.slice(2).map(Number);
const url = new URL(process.env.BENCH_QUEUE);
const connection = { host: url.hostname, port: Number(url.port), db: Number(url.pathname.slice(1) || 0) };
const queue = new Queue('bench', { connection });
await queue.add('noop', { value: 0 });
const startMs = performance.now();
for (let sent = 1; sent < count; sent += atOnce) {
  const part = Math.min(atOnce, count - sent);
  await Promise.all(Array.from({ length: part }, (_, index) => queue.add('noop', { value: sent + index })));
}
console.log(JSON.stringify({ count: count - 1, ms: performance.now() - startMs }));
await queue.obliterate({ force: true });
await queue.close();
