// node bull-flow.mjs <children>…: a flow of so many children each, from its call to its parent's result; prints each time in ms.
import { FlowProducer, Queue, QueueEvents, Worker } from 'bullmq';

const url = new URL(process.env.BENCH_QUEUE);
const connection = { host: url.hostname, port: Number(url.port), db: Number(url.pathname.slice(1) || 0) };
const flows = new FlowProducer({ connection });
const queue = new Queue('bench', { connection });
const events = new QueueEvents('bench', { connection });
const worker = new Worker(
  'bench',
  async (job) => (job.name === 'parent' ? Object.keys(await job.getChildrenValues()).length : job.data.value),
  { connection, concurrency: 100 },
);
await Promise.all([events.waitUntilReady(), worker.waitUntilReady()]);
const times = [];
for (const count of [10, ...process.argv.slice(2).map(Number)]) {
  const startMs = performance.now();
  const children = Array.from({ length: count }, (_, value) => ({
    name: 'child',
    queueName: 'bench',
    data: { value },
  }));
  const { job } = await flows.add({ name: 'parent', queueName: 'bench', data: {}, children });
  const joined = await job.waitUntilFinished(events, 120_000);
  if (joined !== count) throw new Error(`Of ${count} children ${joined} were joined`);
  times.push(performance.now() - startMs);
}
console.log(JSON.stringify(times.slice(1)));
await worker.close();
await events.close();
await queue.obliterate({ force: true });
await Promise.all([queue.close(), flows.close()]);
