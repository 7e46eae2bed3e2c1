import { describe, expect, test } from '@jest/globals';
import { silentLogger, systemClock } from '@tq/core';
import { entry, eventually, numbered, textsOf, within } from '@tq/testkit';
import type { QueueStore } from '@tq/virtual';
import { openStore } from '../src/store.ts';
import { Child } from './child.ts';
import type { ChildTaken } from './child.ts';
import { fileUrl, integrityOf, rowsOf, testFolder } from './folder.ts';

const folder = testFolder();

async function storeOn(url: URL, options: Readonly<Record<string, unknown>> = {}): Promise<QueueStore> {
  return openStore(url, { logger: silentLogger, clock: systemClock, options, timeoutMs: 10_000 });
}

/** Works on a store of this process, and closes it whatever happens. */
async function withStore<T>(url: URL, work: (store: QueueStore) => Promise<T>): Promise<T> {
  const store = await storeOn(url);
  try {
    return await work(store);
  } finally {
    await store[Symbol.asyncDispose]();
  }
}

const signal = (ms: number): AbortSignal => AbortSignal.timeout(ms);

describe('several processes', () => {
  test('what a killed process held comes back long before its lease ends', async () => {
    const url = fileUrl(folder);
    await withStore(url, async (store) => {
      await store.put(['a', 'b', 'c'].map((text) => entry('q', text)));
      const holder = await Child.on(url);
      await holder.do('take', 'q', 2, 5000);
      await store.settle([(await store.take(['q'], { max: 1, signal: signal(5000) }))[0]!.tag], 'done');
      await holder.kill();
      // leases are 10 s; by them alone this would time out
      const again = await store.take(['q'], { max: 10, signal: signal(6000) });
      expect(textsOf(again)).toEqual(['a', 'b']);
      expect(again.map((each) => [each.deliveries, each.redelivered])).toEqual([
        [2, true],
        [2, true],
      ]);
    });
  });

  test('a killed process is noticed even if it was the one that looked after the dead', async () => {
    const url = fileUrl(folder);
    const keeper = await Child.on(url);
    keeper.begin('take', 'other', 1, 60_000);
    await keeper.do('put', 'q', ['a']);
    await keeper.do<ChildTaken[]>('take', 'q', 1, 5000);
    const roles = async () => rowsOf(url, 'SELECT pid FROM role JOIN holder ON holder.id = role.holder')[0];
    await eventually(async () => (await roles())?.[0] === keeper.process.pid, { what: 'the election' });
    const heir = await Child.on(url);
    const waiting = heir.do<ChildTaken[]>('take', 'q', 1, 8000);
    await keeper.kill();
    expect(await waiting).toMatchObject([{ text: 'a', deliveries: 2 }]);
    expect((await roles())?.[0]).toBe(heir.process.pid);
  });

  test('a process that is killed while it waits, holds or listens leaves nothing behind', async () => {
    const url = fileUrl(folder);
    const [gone, going] = [await Child.on(url), await Child.on(url)];
    await gone.do('listen', 'ex');
    gone.begin('take', 'q', 1, 60_000);
    going.begin('take', 'q', 1, 60_000);
    await eventually(async () => rowsOf(url, 'SELECT 1 FROM listener').length === 1);
    await gone.kill();
    await eventually(async () => rowsOf(url, 'SELECT 1 FROM listener').length === 0, {
      what: 'the dead listener to be removed',
    });
    const pids = rowsOf(url, 'SELECT DISTINCT pid FROM holder').flat();
    expect(pids).not.toContain(gone.process.pid);
  });

  test('processes that compete never get the same message, and none is lost', async () => {
    const url = fileUrl(folder);
    const workers = await Promise.all([0, 1, 2].map(() => Child.on(url)));
    const texts = numbered(3000);
    await withStore(url, async (store) => {
      for (const worker of workers) worker.begin('work', 'q', 20);
      for (let start = 0; start < texts.length; start += 50)
        await store.put(texts.slice(start, start + 50).map((text) => entry('q', text)));
      const done = (): string[] => workers.flatMap((worker) => worker.told('done'));
      await eventually(() => done().length >= texts.length, { timeoutMs: 20_000, what: 'all to be done' });
      expect(done().toSorted()).toEqual(texts.toSorted());
      expect(await store.size('q')).toBe(0);
    });
  });

  test('workers and senders killed at random lose nothing, and the file stays whole', async () => {
    const url = fileUrl(folder);
    const [kept, intended, done] = [new Set<string>(), new Set<string>(), [] as string[]];
    const learn = (child: Child): void => {
      for (const text of child.told('kept')) kept.add(text);
      for (const text of child.told('intended')) intended.add(text);
      done.push(...child.told('done'));
    };
    for (let round = 0; round < 6; round++) {
      const [sender, worker] = await Promise.all([Child.on(url), Child.on(url)]);
      sender.begin('feed', 'q', `${round}-`, 20);
      worker.begin('work', 'q', 25);
      const enough = 100 + 60 * round;
      await eventually(() => worker.told('done').length > enough, { timeoutMs: 20_000, what: 'some work' });
      await Promise.all([worker.kill(), sender.kill()]);
      learn(sender);
      learn(worker);
    }
    const worker = await Child.on(url);
    worker.begin('work', 'q', 100);
    await withStore(url, async (store) => {
      const left = async (): Promise<number> => rowsOf(url, 'SELECT count(*) FROM message')[0]![0] as number;
      await eventually(async () => (await left()) === 0, { timeoutMs: 20_000, what: 'the rest to be done' });
      expect(await store.size('q')).toBe(0);
    });
    // A worker may have died between settling a batch and telling of it: at most one batch a round is unseen.
    const atMostUnseen = 6 * 25;
    const unseen = (): number => {
      const told = new Set([...done, ...worker.told('done')]);
      return [...kept].filter((text) => !told.has(text)).length;
    };
    await eventually(() => unseen() <= atMostUnseen, { what: 'the last worker to tell what it has done' });
    learn(worker);
    const seen = new Set(done);
    expect([...seen].filter((text) => !intended.has(text))).toEqual([]);
    expect(done).toHaveLength(seen.size);
    expect(integrityOf(url)).toBe('ok');
  });

  test('a message is taken within milliseconds of being put by another process', async () => {
    const url = fileUrl(folder);
    const taker = await Child.on(url);
    await withStore(url, async (store) => {
      const waits: number[] = [];
      for (const text of numbered(9)) {
        const waiting = taker.do<ChildTaken[]>('take', 'q', 1, 10_000);
        await taker.do('heard'); // the take before it has been asked for
        const start = performance.now();
        await store.put([entry('q', text)]);
        expect(await waiting).toMatchObject([{ text }]);
        waits.push(performance.now() - start);
      }
      // the safety net alone would take half a second on average
      expect(waits.toSorted((a, b) => a - b)[4]).toBeLessThan(250);
    });
  });

  test('an idle process that waits uses next to no CPU', async () => {
    const url = fileUrl(folder);
    const idle = await Child.on(url);
    idle.begin('take', 'q', 1, 60_000);
    await idle.do('listen', 'ex');
    expect(await idle.do<number>('cpu', 3000)).toBeLessThan(3000 * 0.05);
  });

  test('a process that computes for longer than its lease keeps what it holds', async () => {
    const url = fileUrl(folder);
    const holder = await Child.on(url, { visibility_timeout: 3 });
    const store = await storeOn(url, { visibility_timeout: 3 });
    try {
      await store.put([entry('q', 'a')]);
      const [taken] = await holder.do<ChildTaken[]>('take', 'q', 1, 5000);
      await holder.do('renew');
      const blocking = holder.do('block', 7000);
      let restored = 0;
      const looking = setInterval(
        () => void store.restoreExpired().then((count) => (restored += count)),
        500,
      );
      await blocking;
      clearInterval(looking);
      expect(restored).toBe(0);
      await holder.do('settle', [taken!.tag], 'requeue');
      expect(await store.size('q')).toBe(1);
    } finally {
      await store[Symbol.asyncDispose]();
    }
  });
});

describe('the end of a process', () => {
  test('after closing, nothing keeps the process alive', async () => {
    const url = fileUrl(folder);
    const child = await Child.on(url);
    await child.do('openBackend', url.href);
    await child.do('connect', url.href);
    await child.do('put', 'q', ['a']);
    await child.do('take', 'q', 1, 1000);
    await child.do('close');
    child.begin('letGo');
    expect(await within(child.exited, 5000, 'the child to end')).toEqual([0, null]);
  });

  test('a connection that waits for nothing does not keep the process alive', async () => {
    const child = await Child.on(fileUrl(folder));
    await child.do('put', 'q', ['a']);
    child.begin('letGo');
    expect(await within(child.exited, 5000, 'the child to end')).toEqual([0, null]);
  });

  test('waiting for messages, broadcasts or a result keeps the process alive', async () => {
    const url = fileUrl(folder);
    const children = await Promise.all([0, 1, 2].map(() => Child.on(url)));
    const [taker, listener, watcher] = children as [Child, Child, Child];
    taker.begin('take', 'q', 1, 60_000);
    await listener.do('listen', 'ex');
    await watcher.do('openBackend', url.href);
    watcher.begin('result', 'some-task');
    for (const child of children) child.begin('letGo');
    const first = await Promise.race([
      ...children.map((child) => child.exited),
      new Promise((resolve) => {
        setTimeout(resolve, 1500, 'all alive');
      }),
    ]);
    expect(first).toBe('all alive');
  });

  test('a process that is told to end closes in good order and gives back at once', async () => {
    const url = fileUrl(folder);
    const holder = await Child.on(url);
    await withStore(url, async (store) => {
      await store.put([entry('q', 'a')]);
      await holder.do('take', 'q', 1, 5000);
      await holder.do('close');
      const [again] = await store.take(['q'], { max: 1, signal: signal(500) });
      expect(again).toMatchObject({ deliveries: 1, redelivered: true });
    });
  });
});
