import { describe, expect, test } from '@jest/globals';
import { ClosedError, TqError } from '@tq/core';
import { eventually, within } from '../eventually.ts';
import type { BackendBench } from '../backend-contract.ts';
import { meta, watching } from './metas.ts';

export function backendLife(bench: BackendBench): void {
  describe('life', () => {
    test('closing twice is no error', async () => {
      const backend = await bench.open();
      await Promise.all([backend[Symbol.asyncDispose](), backend[Symbol.asyncDispose]()]);
      await backend[Symbol.asyncDispose]();
    });

    test('closing while somebody watches ends the watch with ClosedError', async () => {
      const pair = await bench.pair();
      const taskId = bench.id();
      await pair.client.expect(taskId);
      await pair.tell(meta(taskId, 'STARTED', {}));
      const watch = watching(pair.client, taskId);
      await eventually(() => watch.seen.length === 1, { what: 'the present state' });
      await pair.client[Symbol.asyncDispose]();
      await expect(within(watch.ended, 5000, 'the end of the watch')).rejects.toBeInstanceOf(ClosedError);
    });

    test('a closed backend refuses work with an error of ours', async () => {
      const { client, tell, worker } = await bench.pair();
      await worker[Symbol.asyncDispose]();
      await client[Symbol.asyncDispose]();
      await expect(tell(meta(bench.id(), 'SUCCESS', 1))).rejects.toBeInstanceOf(TqError);
      await expect(watching(client, bench.id()).ended).rejects.toBeInstanceOf(ClosedError);
    });

    test('what was given before closing is stored', async () => {
      const pair = await bench.pair();
      const taskId = bench.id();
      await pair.client.expect(taskId);
      const storing = pair.tell(meta(taskId, 'SUCCESS', 4));
      await pair.worker[Symbol.asyncDispose]();
      await storing;
      await eventually(async () => (await pair.client.load(taskId))?.status === 'SUCCESS', {
        what: 'the result',
      });
    });
  });
}
