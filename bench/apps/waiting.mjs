// node --expose-gc waiting.mjs <count>: a worker that takes so many tasks which wait for their ETA; prints the bytes that each costs.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { poolByName } from '@tq/pool';
import { createWorker } from '@tq/worker';
import { app } from './app.mjs';

const count = Number(process.argv[2]);
const WARM_UP = 1000;
const CALM_MS = 500;

let received = 0;
app.conf.workerPrefetchMultiplier = 0; // takes them as fast as they come
app.hooks.on('taskReceived', () => void (received += 1));
const worker = createWorker(app, { pool: poolByName('solo'), concurrency: 1 });
await worker.start();
await take(WARM_UP);
const before = await memory();
await take(count);
const after = await memory();
const each = (name) => (after[name] - before[name]) / count;
console.log(JSON.stringify({ rss: each('rss'), heap: each('heapUsed'), buffers: each('arrayBuffers') }));
// Without giving them all back: the server goes with the measurement.
process.exit();

async function take(more) {
  const expected = received + more;
  const sender = fork(join(import.meta.dirname, 'enqueue.mjs'), [String(more), '500', 'later'], {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const [code] = await once(sender, 'exit');
  if (code !== 0) throw new Error(`The sender ended with ${code}.`);
  while (received < expected) await delay(20);
}

async function memory() {
  await delay(CALM_MS);
  globalThis.gc();
  globalThis.gc();
  return process.memoryUsage();
}
