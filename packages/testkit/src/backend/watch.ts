import { describe, expect, test } from '@jest/globals';
import { eventually, within } from '../eventually.ts';
import { numbered } from '../fixtures.ts';
import type { BackendBench } from '../backend-contract.ts';
import { meta, statesOf, watching } from './metas.ts';

const FAILURE = { exc_type: 'E', exc_message: ['no'], exc_module: 'm' };

export function backendWatch(bench: BackendBench): void {
  describe('watching', () => {
    test.each([
      ['SUCCESS', 4],
      ['FAILURE', FAILURE],
      ['REVOKED', FAILURE],
    ])('a watcher sees the states as they come and ends after %s', async (status, result) => {
      const pair = await bench.pair();
      const taskId = bench.id();
      await pair.client.expect(taskId);
      const watch = watching(pair.client, taskId);
      for (const [step, each] of ['STARTED', 'RETRY', 'PROGRESS'].entries()) {
        await pair.tell(meta(taskId, each, each === 'RETRY' ? FAILURE : {}));
        await eventually(() => watch.seen.length === step + 1, { what: `the state ${each}` });
      }
      await pair.tell(meta(taskId, status, result));
      await within(watch.ended, 5000, 'the end of the watch');
      expect(statesOf(watch.seen)).toEqual(['STARTED', 'RETRY', 'PROGRESS', status]);
    });

    test('a watch begins with the present state', async () => {
      const pair = await bench.pair();
      const taskId = bench.id();
      await pair.client.expect(taskId);
      await pair.tell(meta(taskId, 'STARTED', { pid: 1 }));
      const watch = watching(pair.client, taskId);
      await eventually(() => watch.seen.length === 1, { what: 'the present state' });
      await pair.tell(meta(taskId, 'SUCCESS', 4));
      await within(watch.ended, 5000, 'the end of the watch');
      expect(statesOf(watch.seen)).toEqual(['STARTED', 'SUCCESS']);
    });

    test('a watch of a finished task gives its result and ends', async () => {
      const pair = await bench.pair();
      const taskId = bench.id();
      await pair.client.expect(taskId);
      await pair.tell(meta(taskId, 'SUCCESS', { deep: [4] }));
      const watch = watching(pair.client, taskId);
      await within(watch.ended, 5000, 'the end of the watch');
      expect(watch.seen).toMatchObject([{ taskId, status: 'SUCCESS', result: { deep: [4] } }]);
    });

    test('whoever has seen a result may wait for it again', async () => {
      const pair = await bench.pair();
      const taskId = bench.id();
      await pair.client.expect(taskId);
      await pair.tell(meta(taskId, 'SUCCESS', 4));
      for (let turn = 0; turn < 2; turn++) {
        const watch = watching(pair.client, taskId);
        await within(watch.ended, 5000, 'the end of the watch');
        expect(watch.seen.at(-1)).toMatchObject({ status: 'SUCCESS', result: 4 });
      }
    });

    test('states that follow each other at once may be skipped, the final one never is', async () => {
      const pair = await bench.pair();
      const taskId = bench.id();
      await pair.client.expect(taskId);
      const watch = watching(pair.client, taskId);
      const states = numbered(20, 'STEP');
      await Promise.all([
        ...states.map((state) => pair.tell(meta(taskId, state, {}))),
        pair.tell(meta(taskId, 'SUCCESS', 1)),
      ]);
      await within(watch.ended, 5000, 'the end of the watch');
      const order = [...states, 'SUCCESS'];
      const seen = statesOf(watch.seen).map((state) => order.indexOf(state));
      expect(seen).toEqual(seen.toSorted((a, b) => a - b));
      expect(statesOf(watch.seen).filter((state) => state === 'SUCCESS')).toHaveLength(1);
    });

    test('a result stored while the watch begins isn’t missed', async () => {
      const pair = await bench.pair();
      const ids = numbered(50).map(() => bench.id());
      for (const id of ids) await pair.client.expect(id);
      const watches = ids.map((id, index) => {
        if (index % 2 === 0) void pair.tell(meta(id, 'SUCCESS', index)).catch(() => undefined);
        const watch = watching(pair.client, id);
        if (index % 2 === 1) void pair.tell(meta(id, 'SUCCESS', index)).catch(() => undefined);
        return watch;
      });
      await within(Promise.all(watches.map((watch) => watch.ended)), 10_000, 'all results');
      expect(watches.map((watch) => watch.seen.at(-1)?.result)).toEqual(ids.map((_, index) => index));
    });

    test('a thousand watchers of one connection each get their own result', async () => {
      const pair = await bench.pair();
      const ids = numbered(1000).map(() => bench.id());
      await Promise.all(ids.map(async (id) => pair.client.expect(id)));
      const watches = ids.map((id) => watching(pair.client, id));
      await Promise.all(ids.map((id, index) => pair.tell(meta(id, 'SUCCESS', index))));
      await within(Promise.all(watches.map((watch) => watch.ended)), 20_000, 'all results');
      expect(watches.map((watch) => watch.seen.at(-1)?.result)).toEqual(ids.map((_, index) => index));
    });

    test('several watchers of one task all see its end', async () => {
      const pair = await bench.pair();
      const taskId = bench.id();
      await pair.client.expect(taskId);
      const watches = [1, 2, 3].map(() => watching(pair.client, taskId));
      await pair.tell(meta(taskId, 'SUCCESS', 4));
      await within(Promise.all(watches.map((watch) => watch.ended)), 5000, 'all ends');
      for (const watch of watches) expect(watch.seen.at(-1)).toMatchObject({ status: 'SUCCESS', result: 4 });
    });

    test('an aborted watch ends quietly and leaves the others alone', async () => {
      const pair = await bench.pair();
      const taskId = bench.id();
      await pair.client.expect(taskId);
      const [aborted, going] = [watching(pair.client, taskId), watching(pair.client, taskId)];
      aborted.stop();
      await within(aborted.ended, 2000, 'the aborted watch');
      expect(aborted.seen).toEqual([]);
      await pair.tell(meta(taskId, 'SUCCESS', 4));
      await within(going.ended, 5000, 'the other watch');
      expect(statesOf(going.seen)).toEqual(['SUCCESS']);
    });

    test('a watch whose signal is aborted already gives nothing', async () => {
      const pair = await bench.pair();
      const taskId = bench.id();
      await pair.client.expect(taskId);
      await pair.tell(meta(taskId, 'SUCCESS', 4));
      const seen = [];
      for await (const each of pair.client.watch(taskId, { signal: AbortSignal.abort() })) seen.push(each);
      expect(seen).toEqual([]);
    });

    test('a watcher may stop looking whenever it likes', async () => {
      const pair = await bench.pair();
      const taskId = bench.id();
      await pair.client.expect(taskId);
      await pair.tell(meta(taskId, 'STARTED', {}));
      for await (const each of pair.client.watch(taskId, { signal: new AbortController().signal })) {
        expect(each.status).toBe('STARTED');
        break;
      }
      await pair.tell(meta(taskId, 'SUCCESS', 4));
      await eventually(async () => (await pair.client.load(taskId))?.status === 'SUCCESS', {
        what: 'the result',
      });
    });
  });
}
