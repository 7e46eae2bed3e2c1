// node queue-length.mjs wait: resolves when nothing waits in the queue of the benchmarks any more.
import { app } from './app.mjs';

const LIMIT_MS = 55_000;

const connection = await app.connect();
const channel = await connection.openChannel();
const endMs = performance.now() + LIMIT_MS;
let left = Infinity;
while (left > 0 && performance.now() < endMs) {
  left = (await channel.declareQueue({ name: 'celery' })).messages;
  await new Promise((resolve) => setTimeout(resolve, 50));
}
console.log(JSON.stringify({ left }));
await connection.close();
await app.close();
