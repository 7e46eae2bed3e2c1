import { describe, expect, test } from '@jest/globals';
import { eventually } from '../eventually.ts';
import { numbered } from '../fixtures.ts';
import type { BackendBench, Pair } from '../backend-contract.ts';
import type { TaskMeta } from '@tq/core';
import { meta } from './metas.ts';

export function backendStates(bench: BackendBench): void {
  const loaded = (pair: Pair, taskId: string, status: string): Promise<TaskMeta> =>
    eventually(
      async () => {
        const found = await pair.client.load(taskId);
        return found?.status === status ? found : undefined;
      },
      { what: `the state ${status}` },
    );

  describe('states', () => {
    test('an unknown task has no meta', async () => {
      const client = await bench.open();
      expect(await client.load(bench.id())).toBeUndefined();
    });

    test.each([
      ['STARTED', { pid: 4711, hostname: 'celery@host' }],
      ['PROGRESS', { current: 3, total: 10 }],
      ['SUCCESS', { sum: 4, list: [1, 'zwei', null, { drei: 3.5 }], text: '日本語 😀 "q" \u0000' }],
      ['SUCCESS', null],
      ['SUCCESS', 'a text'],
    ])('%s is loaded as it was stored: %j', async (status, result) => {
      const pair = await bench.pair();
      const taskId = bench.id();
      await pair.client.expect(taskId);
      const given = meta(taskId, status, result);
      await pair.tell(given);
      expect(await loaded(pair, taskId, status)).toMatchObject(given);
    });

    test.each(['FAILURE', 'RETRY', 'REVOKED'])(
      'the error of %s is loaded with its type, arguments, module and traceback',
      async (status) => {
        const pair = await bench.pair();
        const taskId = bench.id();
        await pair.client.expect(taskId);
        const error = { exc_type: 'ValueError', exc_message: ['boom', 42], exc_module: 'builtins' };
        await pair.tell(meta(taskId, status, error, { traceback: 'Traceback:\n  line 1' }));
        expect(await loaded(pair, taskId, status)).toMatchObject({
          taskId,
          status,
          result: { excType: 'ValueError', excMessage: ['boom', 42], excModule: 'builtins' },
          traceback: 'Traceback:\n  line 1',
        });
      },
    );

    test('children, group, parent and the extended fields are kept', async () => {
      const pair = await bench.pair();
      const taskId = bench.id();
      await pair.client.expect(taskId);
      const given = meta(taskId, 'SUCCESS', 1, {
        children: [
          [['child-1', null], null],
          [['group-1', [['parent', null], null]], [[['child-2', null], null]]],
        ],
        groupId: 'group-0',
        parentId: 'parent-0',
        name: 'proj.add',
        args: [1, 2],
        kwargs: { debug: true },
        worker: 'celery@host',
        retries: 2,
        queue: 'hipri',
      });
      await pair.tell(given);
      expect(await loaded(pair, taskId, 'SUCCESS')).toMatchObject(given);
    });

    test('fields that were absent stay absent', async () => {
      const pair = await bench.pair();
      const taskId = bench.id();
      await pair.client.expect(taskId);
      await pair.tell(meta(taskId, 'SUCCESS', 1, { children: null }));
      const found = await loaded(pair, taskId, 'SUCCESS');
      expect(found.children).toBeNull();
      for (const field of ['groupId', 'parentId', 'name', 'args', 'worker', 'queue'] as const)
        expect(found[field]).toBeUndefined();
    });

    test('the newest state is the one that is loaded', async () => {
      const pair = await bench.pair();
      const taskId = bench.id();
      await pair.client.expect(taskId);
      await pair.tell(meta(taskId, 'STARTED', { pid: 1 }));
      await pair.tell(meta(taskId, 'RETRY', { exc_type: 'E', exc_message: [], exc_module: 'm' }));
      await pair.tell(meta(taskId, 'FAILURE', { exc_type: 'E', exc_message: [], exc_module: 'm' }));
      await pair.tell(meta(taskId, 'SUCCESS', 4));
      expect(await loaded(pair, taskId, 'SUCCESS')).toMatchObject({ result: 4 });
    });

    test('a SUCCESS is never overwritten, in a later call or in the same batch', async () => {
      const pair = await bench.pair();
      const [later, same] = [bench.id(), bench.id()];
      await pair.client.expect(later);
      await pair.client.expect(same);
      const failure = { exc_type: 'E', exc_message: [], exc_module: 'm' };
      await pair.tell(meta(later, 'SUCCESS', 4));
      await pair.tell(meta(later, 'FAILURE', failure));
      await pair.tell(meta(later, 'SUCCESS', 5));
      await Promise.all([
        pair.tell(meta(same, 'STARTED', {})),
        pair.tell(meta(same, 'SUCCESS', 6)),
        pair.tell(meta(same, 'RETRY', failure)),
      ]);
      expect(await loaded(pair, later, 'SUCCESS')).toMatchObject({ result: 4 });
      expect(await loaded(pair, same, 'SUCCESS')).toMatchObject({ result: 6 });
      await pair.tell(meta(same, 'STARTED', {}));
      expect(await pair.client.load(same)).toMatchObject({ status: 'SUCCESS', result: 6 });
    });

    test('what is stored in one tick shares one promise and is all there when it resolves', async () => {
      const pair = await bench.pair();
      const ids = numbered(300).map(() => bench.id());
      for (const id of ids) await pair.client.expect(id);
      const promises = ids.map((id, index) => pair.tell(meta(id, 'SUCCESS', index)));
      expect(new Set(promises).size).toBe(1);
      await promises[0];
      for (const [index, id] of ids.entries())
        expect(await loaded(pair, id, 'SUCCESS')).toMatchObject({ taskId: id, result: index });
      const next = pair.tell(meta(bench.id(), 'SUCCESS', 1));
      expect(next).not.toBe(promises[0]);
      await next;
    });

    test('states of one task stored in one tick are kept in order', async () => {
      const pair = await bench.pair();
      const taskId = bench.id();
      await pair.client.expect(taskId);
      await Promise.all([
        pair.tell(meta(taskId, 'STARTED', { pid: 1 })),
        pair.tell(meta(taskId, 'PROGRESS', { current: 1 })),
        pair.tell(meta(taskId, 'PROGRESS', { current: 2 })),
      ]);
      await eventually(
        async () => {
          const found = await pair.client.load(taskId);
          return (found?.result as { current?: number } | undefined)?.current === 2;
        },
        { what: 'the newest progress' },
      );
    });

    test('a large result arrives whole', async () => {
      const pair = await bench.pair();
      const taskId = bench.id();
      await pair.client.expect(taskId);
      const text = 'x'.repeat(2_000_000);
      await pair.tell(meta(taskId, 'SUCCESS', text));
      expect((await loaded(pair, taskId, 'SUCCESS')).result).toBe(text);
    });

    test('a result can be loaded any number of times, by anyone', async () => {
      const pair = await bench.pair();
      if (!pair.client.traits.persistent) return;
      const taskId = bench.id();
      await pair.tell(meta(taskId, 'SUCCESS', 4));
      const stranger = await bench.open();
      for (const each of [pair.client, pair.worker, stranger, stranger])
        expect(await each.load(taskId)).toMatchObject({ status: 'SUCCESS', result: 4 });
    });

    test('what is loaded is the reader’s own copy', async () => {
      const pair = await bench.pair();
      const taskId = bench.id();
      await pair.client.expect(taskId);
      const list = [1, 2];
      const storing = pair.tell(meta(taskId, 'SUCCESS', list));
      list.push(3);
      await storing;
      const first = await loaded(pair, taskId, 'SUCCESS');
      (first.result as number[]).push(4);
      expect((await loaded(pair, taskId, 'SUCCESS')).result).toEqual([1, 2]);
    });

    test('a forgotten result is gone, and forgetting twice is no error', async () => {
      const pair = await bench.pair();
      const taskId = bench.id();
      await pair.client.expect(taskId);
      await pair.tell(meta(taskId, 'SUCCESS', 4));
      await loaded(pair, taskId, 'SUCCESS');
      await pair.client.forget(taskId);
      expect(await pair.client.load(taskId)).toBeUndefined();
      await pair.client.forget(taskId);
    });

    test('a result expires after its last change', async () => {
      const expiresMs = 600;
      const pair = await bench.pair({ expiresMs });
      const taskId = bench.id();
      await pair.client.expect(taskId);
      const born = Date.now();
      await pair.tell(meta(taskId, 'STARTED', {}));
      await eventually(
        async () => {
          const nowMs = Date.now();
          await pair.tell(meta(taskId, 'PROGRESS', nowMs));
          return nowMs - born > expiresMs;
        },
        { everyMs: 100, what: 'the first life to pass' },
      );
      const changed = (await loaded(pair, taskId, 'PROGRESS')).result as number;
      await eventually(async () => (await pair.client.load(taskId)) === undefined, {
        timeoutMs: 15_000,
        everyMs: 20,
        what: 'the result to expire',
      });
      expect(Date.now() - changed).toBeGreaterThanOrEqual(expiresMs - 50);
    });
  });
}
