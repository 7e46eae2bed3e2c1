// node bull-drain.mjs <count> <sandboxed|inline> <concurrency>: empties a queue that it has filled first.
import { fileURLToPath } from 'node:url';
import { Queue, Worker } from 'bullmq';

const [count, kind, concurrency] = process.argv.slice(2);
const url = new URL(process.env.BENCH_QUEUE);
const connection = { host: url.hostname, port: Number(url.port), db: Number(url.pathname.slice(1) || 0) };
const queue = new Queue('bench', { connection });
for (let sent = 0; sent < Number(count); sent += 1000)
  await queue.addBulk(
    Array.from({ length: Math.min(1000, Number(count) - sent) }, (_, index) => ({
      name: 'noop',
      data: { value: sent + index },
    })),
  );
const processor =
  kind === 'sandboxed'
    ? fileURLToPath(new URL('bull-processor.mjs', import.meta.url))
    : async () => undefined;
let [done, firstMs] = [0, 0];
const worker = new Worker('bench', processor, { connection, concurrency: Number(concurrency) });
await new Promise((resolve, reject) => {
  worker.on('error', reject);
  worker.on('completed', () => {
    if (done++ === 0) firstMs = performance.now();
    if (done === Number(count)) resolve();
  });
});
const ms = performance.now() - firstMs;
await worker.close();
await queue.obliterate({ force: true });
await queue.close();
console.log(JSON.stringify({ count: done - 1, ms }));
