// What is known of a call that is tried again: memory transport, solo pool.
import { createApp } from '@tq/core';
import type { BackendDriver, ResultBackend, TaskContext } from '@tq/core';
import { memory, memoryBackend } from '@tq/memory';
import { solo } from '@tq/pool';
import { memoryLogger, uniqueName } from '@tq/testkit';
import { createWorker } from '../src/worker.ts';

/** A backend that takes its time to keep the state RETRY. */
const slowWithRetries: BackendDriver = {
  async connect(url, options) {
    const backend = await memoryBackend.connect(url, options);
    const store: ResultBackend['store'] = async (meta, route) => {
      if (meta.status === 'RETRY') await new Promise((resolve) => setTimeout(resolve, 100));
      await backend.store(meta, route);
    };
    return new Proxy(backend, {
      get(target, name) {
        if (name === 'store') return store;
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
  },
};

test('the end of the last attempt is the last word, however late the state RETRY is kept', async () => {
  const url = `memory://${uniqueName('retries')}`;
  const logger = memoryLogger();
  const app = createApp('retries', {
    broker: { transport: memory, url },
    backend: { driver: slowWithRetries, url },
    logger,
  });
  app.task('never', { bind: true, maxRetries: 1 }, (self: TaskContext) => {
    throw self.retry({ countdown: 0, cause: new Error('never') });
  });
  const workers = [1, 2].map(() => createWorker(app, { pool: solo(), logger }));
  await Promise.all(workers.map((worker) => worker.start()));
  try {
    const result = await app.sendTask('never');
    await expect(result.get({ timeout: 5 })).rejects.toThrow('never');
    await Promise.all(workers.map((worker) => worker.stop()));
    await expect(app.asyncResult(result.id).state()).resolves.toBe('FAILURE');
  } finally {
    await Promise.all(workers.map((worker) => worker.stop({ how: 'cold' })));
    await app.close();
  }
});
