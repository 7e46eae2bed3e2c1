import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { BackendUnavailableError, BrokerUnavailableError, silentLogger, systemClock } from '@tq/core';
import type { Encoded, ResultBackend, TaskMeta } from '@tq/core';
import { toError } from '@tq/core/internal';
import { entries, entry, message, numbered, textsOf, within } from '@tq/testkit';
import type { QueueStore } from '@tq/virtual';
import { SqliteBackend, sqliteBackend } from '../src/backend.ts';
import { Sql, openDatabase } from '../src/database.ts';
import { Lifeline } from '../src/lifeline.ts';
import { Link } from '../src/link.ts';
import { shareLink } from '../src/links.ts';
import { locate } from '../src/location.ts';
import { SqliteStore, openStore } from '../src/store.ts';
import { sqlite } from '../src/transport.ts';
import { fileUrl, integrityOf, pathOf, rowsOf, testFolder } from './folder.ts';

const folder = testFolder();
const options = { logger: silentLogger, clock: systemClock, options: {}, timeoutMs: 2000 };
const open = (url: URL): Promise<QueueStore> => openStore(url, options);
const openResults = (url: URL): Promise<ResultBackend> =>
  sqliteBackend.connect(url, { ...options, expiresMs: undefined });
const take = (store: QueueStore, max: number): ReturnType<QueueStore['take']> =>
  store.take(['q'], { max, signal: AbortSignal.timeout(5000) });

const NO_ROUTE = { replyTo: undefined, correlationId: undefined };

function success(taskId: string): TaskMeta<Encoded> {
  return {
    taskId,
    status: 'SUCCESS',
    result: '4' as Encoded,
    traceback: null,
    children: [],
    dateDone: null,
  };
}

async function firstOf(states: AsyncIterable<TaskMeta>): Promise<string | undefined> {
  for await (const { status } of states) return status;
  return undefined;
}

/** A file with one statement's worth of content, made past the package. */
function fileWith(statement: string): URL {
  const url = fileUrl(folder);
  const sql = new Sql(openDatabase(pathOf(url), 'libsql'));
  sql.exec(statement);
  sql.close();
  return url;
}

describe('a file that can’t be used is refused with what to do', () => {
  test.each([
    [
      'a folder that isn’t there',
      () => new URL(`sqlite://${folder}/no/such/queue.db`),
      /does not exist. Create it/,
    ],
    ['a folder instead of a file', folderUrl, /it is a folder\. Name a file in it/],
    ['a file that is no database', textUrl, /not an SQLite database\. Move it away/],
    [
      'a database of another program',
      () => fileWith('CREATE TABLE theirs(a)'),
      /database of another program/,
    ],
    [
      'a file that a newer tq has written',
      () => fileWith(`PRAGMA application_id=${0x74716462}; PRAGMA user_version=999; CREATE TABLE t(a)`),
      /a newer tq has written it \(layout 999.*Upgrade @tq\/sqlite/,
    ],
  ])('%s', async (_, urlOf, sentence) => {
    const url = urlOf();
    await expect(open(url)).rejects.toThrow(sentence);
    await expect(open(url)).rejects.toBeInstanceOf(BrokerUnavailableError);
    await expect(openResults(url)).rejects.toThrow(sentence);
    await expect(openResults(url)).rejects.toBeInstanceOf(BackendUnavailableError);
    await expect(sqlite.connect(url, options)).rejects.toThrow(sentence);
  });

  test('a foreign database stays as it was', async () => {
    const url = fileWith('CREATE TABLE theirs(a); INSERT INTO theirs VALUES(1)');
    await expect(open(url)).rejects.toThrow();
    expect(rowsOf(url, 'SELECT name FROM sqlite_schema')).toEqual([['theirs']]);
  });

  test('a binding that isn’t installed is named', async () => {
    await expect(open(fileUrl(folder, undefined, '?driver=no-such-binding'))).rejects.toThrow(
      /binding "no-such-binding" can't be loaded.*Run: npm install no-such-binding/,
    );
  });

  // Nothing is read-only for root.
  const whenUser = process.getuid?.() === 0 ? test.skip : test;
  whenUser('a folder or a file that may not be written to', async () => {
    const url = fileUrl(mkdtempSync(join(folder, 'locked-')));
    chmodSync(dirname(pathOf(url)), 0o555);
    await expect(open(url)).rejects.toThrow(/may not be written to. Give this user write access/);
    chmodSync(dirname(pathOf(url)), 0o755);
    await (await open(url))[Symbol.asyncDispose]();
    chmodSync(pathOf(url), 0o444);
    await expect(open(url)).rejects.toThrow(/may not be written to. Give this user write access/);
  });

  function folderUrl(): URL {
    const url = fileUrl(folder);
    mkdirSync(pathOf(url));
    return url;
  }

  function textUrl(): URL {
    const url = fileUrl(folder);
    writeFileSync(pathOf(url), 'not a database at all, and long enough to look like one. '.repeat(100));
    return url;
  }
});

describe('a full disk', () => {
  const large = 'x'.repeat(20_000);

  test('refuses messages with a typed error, keeps what it had, and goes on when there is room', async () => {
    const url = fileUrl(folder, undefined, '?max_size=300kb');
    const store = await open(url);
    const kept: string[] = [];
    try {
      const filling = async (): Promise<void> => {
        for (const text of numbered(100)) {
          await store.put([entry('q', text), entry('q', large)]);
          kept.push(text, large);
        }
      };
      const refusal = await filling().then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(refusal).toBeInstanceOf(BrokerUnavailableError);
      expect((refusal as Error).message).toMatch(/is full\. Nothing of this step was kept; free some space/);
      expect(kept.length).toBeGreaterThan(4);
      expect(await store.size('q')).toBe(kept.length);
      await store.purge('q');
      await store.put([entry('q', 'again')]);
      expect(textsOf(await take(store, 10))).toEqual(['again']);
    } finally {
      await store[Symbol.asyncDispose]();
    }
    expect(integrityOf(url)).toBe('ok');
  });

  test('one message too many doesn’t spoil the others of the same tick', async () => {
    const store = await open(fileUrl(folder, undefined, '?max_size=300kb'));
    try {
      const settled = await Promise.allSettled([
        store.put([entry('q', 'before')]),
        store.put([entry('q', 'x'.repeat(500_000))]),
        store.put([entry('q', 'after')]),
      ]);
      expect(settled.map((each) => each.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(textsOf(await take(store, 10))).toEqual(['before', 'after']);
    } finally {
      await store[Symbol.asyncDispose]();
    }
  });
});

describe('a file that is in use', () => {
  test('is locked by another program: requests wait, and go on as soon as it is free', async () => {
    const url = fileUrl(folder);
    const store = await open(url);
    const rude = new Sql(openDatabase(pathOf(url), 'libsql'));
    try {
      rude.exec('BEGIN IMMEDIATE');
      const putting = store.put([entry('q', 'a')]);
      const reading = await within(store.size('q'), 2000, 'the size');
      expect(reading).toBe(0);
      await expect(within(putting, 700, 'the put')).rejects.toThrow(/Waited/);
      rude.exec('COMMIT');
      await within(putting, 2000, 'the put');
      expect(await store.size('q')).toBe(1);
    } finally {
      rude.close();
      await store[Symbol.asyncDispose]();
    }
  });

  test('a program that never lets go of it is told of in a typed error', async () => {
    const url = fileUrl(folder, undefined, '?busy_timeout=1');
    const store = await open(url);
    const rude = new Sql(openDatabase(pathOf(url), 'libsql'));
    try {
      rude.exec('BEGIN IMMEDIATE');
      const putting = store.put([entry('q', 'a')]);
      await expect(within(putting, 5000, 'the refusal')).rejects.toThrow(/kept it locked/);
      rude.exec('COMMIT');
      await store.put([entry('q', 'b')]);
      expect(textsOf(await take(store, 2))).toEqual(['b']);
    } finally {
      rude.close();
      await store[Symbol.asyncDispose]();
    }
  });

  test.each([
    ['removed', (file: string) => rmSync(file)],
    ['replaced', (file: string) => renameSync(file, `${file}.old`)],
  ])('is %s: everyone hears of it, and a new connection starts afresh', async (_, change) => {
    const url = fileUrl(folder);
    const [store, waiting] = [await open(url), await open(url)];
    const taking = waiting.take(['q'], { max: 1, signal: new AbortController().signal });
    taking.catch(() => undefined);
    await store.put([entry('other', 'a')]);
    change(pathOf(url));
    await expect(store.put([entry('other', 'b')])).rejects.toThrow(/removed or replaced/);
    await expect(within(taking, 5000, 'the take')).rejects.toBeInstanceOf(BrokerUnavailableError);
    for (const each of [store, waiting])
      expect(await within(each.closed, 5000, 'closed')).toBeInstanceOf(BrokerUnavailableError);
    const fresh = await open(url);
    await fresh.put([entry('q', 'new')]);
    expect(textsOf(await take(fresh, 10))).toEqual(['new']);
    for (const each of [store, waiting, fresh]) await each[Symbol.asyncDispose]();
  });

  test('is removed while a connection only waits: it notices by itself', async () => {
    const url = fileUrl(folder);
    const store = await open(url);
    const taking = store.take(['q'], { max: 1, signal: new AbortController().signal });
    rmSync(pathOf(url));
    await expect(within(taking, 5000, 'the take')).rejects.toThrow(/removed or replaced/);
    await store[Symbol.asyncDispose]();
  });

  test('is damaged: the connection ends with the reason and never hangs', async () => {
    const url = fileUrl(folder);
    const first = await open(url);
    for (let batch = 0; batch < 20; batch++) await first.put(entries('q', numbered(50, 'x'.repeat(300))));
    await first[Symbol.asyncDispose]();
    const file = pathOf(url);
    truncateSync(file, 40_960);
    const damage = open(url).then(async (store) => {
      try {
        for (let round = 0; round < 40; round++) {
          const taken = await store.take(['q'], { max: 50, signal: AbortSignal.timeout(1000) });
          await store.settle(
            taken.map((each) => each.tag),
            'done',
          );
        }
      } finally {
        expect(await within(store.closed, 5000, 'closed')).toBeInstanceOf(BrokerUnavailableError);
        await store[Symbol.asyncDispose]();
      }
    });
    await expect(within(damage, 30_000, 'the damage to be seen')).rejects.toThrow(
      /its content is damaged.*\.recover|reading or writing failed/,
    );
  });

  test('is removed: a result backend goes on in the new one', async () => {
    const url = fileUrl(folder);
    const [results, other] = [await openResults(url), await openResults(url)];
    try {
      await results.store(success('before'), NO_ROUTE);
      rmSync(pathOf(url));
      await Promise.all([results.store(success('a'), NO_ROUTE), other.store(success('b'), NO_ROUTE)]);
      expect(await other.load('a')).toMatchObject({ status: 'SUCCESS', result: 4 });
      expect(await results.load('b')).toMatchObject({ status: 'SUCCESS', result: 4 });
      expect(await results.load('before')).toBeUndefined();
      expect(await firstOf(results.watch('a', { signal: AbortSignal.timeout(5000) }))).toBe('SUCCESS');
    } finally {
      for (const each of [results, other]) await each[Symbol.asyncDispose]();
    }
  });

  test('the thread of a result backend dies: what it was asked is refused, the next call gets another', async () => {
    const location = locate(fileUrl(folder), {});
    const share = await shareLink(location, 2000);
    const lifeline = new Lifeline({ share, join: () => shareLink(location, 2000), unavailable: toError });
    const results = new SqliteBackend(lifeline, { expiresMs: undefined, leaseMs: 30_000 });
    const waiting = firstOf(results.watch('never', { signal: AbortSignal.timeout(5000) }));
    waiting.catch(() => undefined);
    await results.store(success('kept'));
    const asked = results.load('kept');
    share.link.kill();
    await expect(asked).rejects.toBeInstanceOf(BackendUnavailableError);
    await expect(waiting).rejects.toThrow(/has ended/);
    expect(await results.load('kept')).toMatchObject({ status: 'SUCCESS' });
    await results[Symbol.asyncDispose]();
  });

  test('the thread dies: what is asked is refused, and `closed` says why', async () => {
    const location = locate(fileUrl(folder), {});
    const link = new Link({ ...location, timeoutMs: 2000 });
    await link.opened;
    const share = { link, connection: 1, release: () => link.end() };
    const store = new SqliteStore({ share, leaseMs: 1000, logger: silentLogger });
    const taking = store.take(['q'], { max: 1, signal: new AbortController().signal });
    link.kill();
    await expect(within(taking, 5000, 'the take')).rejects.toThrow(/has ended/);
    expect(await within(store.closed, 5000, 'closed')).toBeInstanceOf(BrokerUnavailableError);
    await expect(store.put([entry('q', 'a')])).rejects.toBeInstanceOf(BrokerUnavailableError);
    await within(store[Symbol.asyncDispose](), 5000, 'the end');
  });
});

test('takes of one connection that are served in one step all hold what they got', async () => {
  const url = fileUrl(folder);
  const store = await open(url);
  try {
    await store.put([entry('a', '1'), entry('b', '2'), entry('c', '3')]);
    const taking = ['a', 'b', 'c'].map((queue) =>
      store.take([queue], { max: 1, signal: AbortSignal.timeout(5000) }),
    );
    const taken = (await Promise.all(taking)).flat();
    expect(textsOf(taken).toSorted()).toEqual(['1', '2', '3']);
    expect(rowsOf(url, 'SELECT DISTINCT holder FROM message')).toHaveLength(1);
    await store.settle(
      taken.map((each) => each.tag),
      'done',
    );
    expect(rowsOf(url, 'SELECT * FROM message')).toEqual([]);
  } finally {
    await store[Symbol.asyncDispose]();
  }
});

describe('odd content', () => {
  test('a message whose text is no message is handed out all the same, for its reader to refuse', async () => {
    const url = fileUrl(folder);
    const store = await open(url);
    const odd = new Sql(openDatabase(pathOf(url), 'libsql'));
    try {
      odd.exec(
        `INSERT INTO message(queue, priority, content, body)
          VALUES('q', 0, '{oops', x'00ff'), ('q', 0, '["", "q", {}, {}],[1', x''),
                ('q', 0, '["", "q", {"a":' || char(10) || '1}, {}, "split"]', NULL)`,
      );
      await store.put([entry('q', 'good')]);
      const taken = await take(store, 10);
      expect(taken.map((each) => each.envelope.message.headers)).toEqual([
        { 'x-tq-unreadable': '{oops' },
        { 'x-tq-unreadable': '["", "q", {}, {}],[1' },
        { a: 1 },
        {},
      ]);
      expect([...taken[0]!.envelope.message.body]).toEqual([0, 255]);
    } finally {
      odd.close();
      await store[Symbol.asyncDispose]();
    }
  });

  test('a name with a zero byte is refused, since SQLite would cut it', async () => {
    const store = await open(fileUrl(folder));
    await expect(store.put([entry('a\0b', 'text')])).rejects.toThrow(/zero byte/);
    await store[Symbol.asyncDispose]();
  });

  test('priorities of wrong types count as none', async () => {
    const store = await open(fileUrl(folder));
    for (const priority of [true, '9', NaN, -1, null]) {
      const properties = { priority: priority as unknown as number };
      const envelope = { message: message(String(priority), properties), exchange: '', routingKey: 'q' };
      await store.put([{ queue: 'q', envelope }]);
    }
    expect(textsOf(await take(store, 10))).toEqual(['true', '9', 'NaN', '-1', 'null']);
    await store[Symbol.asyncDispose]();
  });
});
