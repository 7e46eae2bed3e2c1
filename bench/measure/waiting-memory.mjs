// What a task that waits for its ETA costs the worker that holds it.
import { brokerEnv, openServers } from '../broker.mjs';
import { ask } from '../programs.mjs';

const COUNT = '100000';

/** @type {import('../harness.mjs').Measurement} */
export default {
  name: 'waiting-memory',
  title: 'Memory of the worker for each task that waits for its ETA on Redis',
  unit: 'bytes',
  rounds: 1,
  seconds: 60,
  open: () => openServers('redis', 'rabbitmq'),
  subjects: [
    { name: 'tq on Redis', run: ({ urls }) => waiting(`${urls.redis}/4`) },
    { name: 'tq on RabbitMQ', run: ({ urls }) => waiting(urls.rabbitmq) },
  ],
  goals: [
    { row: 'tq on Redis, heap and buffers', is: 'at most', plus: 3 * 1024 },
    { row: 'tq on RabbitMQ, heap and buffers', is: 'at most', plus: 3 * 1024 },
  ],
  note: 'One worker holds 100,000 of them. What the process has grown by includes room that its garbage collector keeps free.',
};

async function waiting(broker) {
  const { buffers, heap, rss } = await ask(['--expose-gc', 'waiting.mjs', COUNT], { env: brokerEnv(broker) });
  return { 'heap and buffers': heap + buffers, 'whole process': rss };
}
