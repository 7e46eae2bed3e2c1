// A worker composed from parts: two queues, a pool of threads, and a component of one's own.
import { createApp } from '@tq/core';
import { threads } from '@tq/pool';
import { createWorker, handleSignals } from '@tq/worker';

// `module` tells the pool's threads where to find the app.
export const app = createApp('custom', {
  module: import.meta.url,
  broker: 'sqlite://',
  backend: 'sqlite://',
});

export const greet = app.task('custom.greet', (name) => `Hello, ${name}!`);

/** A component starts and stops with the worker. */
const stopwatch = {
  name: 'stopwatch',
  startedAt: 0,
  async start() {
    this.startedAt = Date.now();
  },
  async stop() {
    console.log(`stopwatch: the worker ran for ${Date.now() - this.startedAt} ms`);
  },
};

// Threads load this module too; only the main program starts a worker.
if (process.argv[1] === import.meta.filename && (await import('node:worker_threads')).isMainThread) {
  const worker = createWorker(app, {
    pool: threads({ size: 2 }),
    queues: ['hipri', 'celery'],
    components: { outer: [stopwatch] },
  });
  handleSignals(worker, { logger: worker.logger });
  await worker.start();
  console.log('ready');
  const { exitCode, error } = await worker.finished;
  if (error) console.error(error.message);
  await app.close();
  process.exitCode = exitCode;
}
