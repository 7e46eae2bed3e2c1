import { statSync } from 'node:fs';
import { afterEach, describe, expect, test } from '@jest/globals';
import { silentLogger, systemClock } from '@tq/core';
import { entry, eventually } from '@tq/testkit';
import { Broadcasts } from '../src/broadcasts.ts';
import type { Sql } from '../src/database.ts';
import { Groups } from '../src/groups.ts';
import { Holders } from '../src/holders.ts';
import { Keeper } from '../src/keeper.ts';
import { openFile } from '../src/open-file.ts';
import { Results } from '../src/results.ts';
import { openStore } from '../src/store.ts';
import { Child } from './child.ts';
import { fileUrl, pathOf, rowsOf, testFolder } from './folder.ts';

const folder = testFolder();
const opened: Sql[] = [];
afterEach(() => {
  for (const sql of opened.splice(0)) sql.close();
});

/** What a thread has, without the thread. */
async function household(url: URL) {
  const file = pathOf(url);
  const data = {
    file,
    driver: 'libsql',
    synchronous: 'normal',
    maxBytes: undefined,
    busyMs: 1000,
    timeoutMs: 5000,
  } as const;
  const sql = await openFile(data);
  opened.push(sql);
  const holders = new Holders(sql);
  const [broadcasts, results, groups] = [new Broadcasts(sql), new Results(sql), new Groups(sql)];
  const keeper = new Keeper({ file, sql, holders, broadcasts, results, groups });
  return { sql, holders, broadcasts, results, groups, keeper };
}

const count = (url: URL, table: string): unknown => rowsOf(url, `SELECT count(*) FROM ${table}`)[0]?.[0];

describe('the keeper', () => {
  test('there is one, and another one after it has resigned', async () => {
    const url = fileUrl(folder);
    const [one, two] = [await household(url), await household(url)];
    one.keeper.tick();
    two.keeper.tick();
    const first = rowsOf(url, 'SELECT holder FROM role');
    expect(first).toEqual([[one.holders.idOf(0)]]);
    one.keeper.resign();
    two.keeper.tick();
    expect(rowsOf(url, 'SELECT holder FROM role')).toEqual([[two.holders.idOf(0)]]);
  });

  test('one that lives but does nothing loses the role when its term ends', async () => {
    const url = fileUrl(folder);
    const [one, two] = [await household(url), await household(url)];
    one.keeper.tick();
    two.sql.run('UPDATE role SET until=?', Date.now() - 1);
    two.keeper.tick();
    expect(rowsOf(url, 'SELECT holder FROM role')).toEqual([[two.holders.idOf(0)]]);
    one.keeper.tick();
    expect(rowsOf(url, 'SELECT holder FROM role')).toEqual([[two.holders.idOf(0)]]);
  });

  test('removes what has expired, and nothing else', async () => {
    const url = fileUrl(folder);
    const { broadcasts, groups, holders, keeper, results, sql } = await household(url);
    const [past, future] = [Date.now() - 1, Date.now() + 60_000];
    results.keep([
      ['old', 'SUCCESS', '{}', past],
      ['new', 'SUCCESS', '{}', future],
      ['eternal', 'SUCCESS', '{}', null],
    ]);
    for (const [id, expiresAt] of [
      ['old', past],
      ['new', future],
    ] as const) {
      groups.setSize(id, 2, expiresAt);
      groups.addPart(id, ['t', 'SUCCESS', '1', 0], { by: 'w', leaseMs: 1000 }, expiresAt);
    }
    broadcasts.listen(holders.idOf(1), 'ex');
    broadcasts.send('ex', 'old', null);
    sql.run('UPDATE broadcast SET sent_at=?', Date.now() - 120_000);
    broadcasts.send('ex', 'new', null);
    keeper.tick();
    expect(rowsOf(url, 'SELECT task_id FROM result ORDER BY 1')).toEqual([['eternal'], ['new']]);
    expect(rowsOf(url, 'SELECT id FROM task_group')).toEqual([['new']]);
    expect(rowsOf(url, 'SELECT group_id FROM chord_part')).toEqual([['new']]);
    expect(rowsOf(url, 'SELECT content FROM broadcast')).toEqual([['new']]);
  });

  test('where it can’t look at a process, it goes by how long nothing was seen of it', async () => {
    const url = fileUrl(folder);
    const { keeper, sql } = await household(url);
    for (const [id, seenAt] of [
      [1001, Date.now() - 50_000],
      [1002, Date.now() - 70_000],
    ] as const) {
      sql.run(`INSERT INTO holder VALUES(?, 'elsewhere', 1, NULL, ?)`, id, seenAt);
      sql.run(
        `INSERT INTO message(queue, priority, holder, lease_until, taken, deliveries, content)
          VALUES('q', 0, ?, ?, 1, 1, '["","q",{},{}]')`,
        id,
        Date.now() + 60_000,
      );
    }
    expect(keeper.tick()).toBe(true);
    expect(rowsOf(url, 'SELECT holder FROM message ORDER BY 1')).toEqual([[null], [1001]]);
    expect(sql.transaction(() => keeper.restored())).toBe(1);
    expect(sql.transaction(() => keeper.restored())).toBe(0);
    expect(keeper.tick()).toBe(false);
  });

  test('a process that others took for dead is told so', async () => {
    const { holders, sql } = await household(fileUrl(folder));
    sql.transaction(() => holders.idOf(1));
    sql.transaction(() => holders.touch());
    sql.exec('DELETE FROM holder');
    expect(() => sql.transaction(() => holders.touch())).toThrow(/took this process for dead/);
  });

  test('nobody writes the announcements that nobody hears', async () => {
    const url = fileUrl(folder);
    const { broadcasts, holders } = await household(url);
    broadcasts.send('ex', '[]', new Uint8Array());
    expect(count(url, 'broadcast')).toBe(0);
    const [listener] = broadcasts.listen(holders.idOf(1), 'ex');
    broadcasts.send('ex', '[]', new Uint8Array());
    broadcasts.send('other', '[]', new Uint8Array());
    expect(count(url, 'broadcast')).toBe(1);
    broadcasts.unlisten(listener);
    broadcasts.send('ex', '[]', new Uint8Array());
    expect(count(url, 'broadcast')).toBe(1);
  });
});

describe('the write-ahead log', () => {
  const LIMIT = 8 * 1024 * 1024;
  const walOf = (url: URL): number => statSync(`${pathOf(url)}-wal`, { throwIfNoEntry: false })?.size ?? 0;

  test('is moved into the file when it has grown, also without anybody who waits', async () => {
    const url = fileUrl(folder);
    const store = await openStore(url, {
      logger: silentLogger,
      clock: systemClock,
      options: {},
      timeoutMs: 5000,
    });
    try {
      let highest = 0;
      for (let batch = 0; batch < 60; batch++) {
        const texts = Array.from({ length: 20 }, () => entry('q', 'x'.repeat(30_000)));
        await store.put(texts);
        highest = Math.max(highest, walOf(url));
      }
      await eventually(() => walOf(url) < LIMIT, { what: 'the checkpoint' });
      expect(highest).toBeLessThan(4 * LIMIT); // 36 MB were written
      expect(await store.size('q')).toBe(1200);
    } finally {
      await store[Symbol.asyncDispose]();
    }
  });

  test('is moved by whoever is the keeper, whoever writes', async () => {
    const url = fileUrl(folder);
    const [keeper, writer] = [await Child.on(url), await Child.on(url)];
    keeper.begin('take', 'other', 1, 60_000);
    const pids = (): unknown => rowsOf(url, 'SELECT pid FROM role JOIN holder ON holder.id = role.holder');
    await eventually(() => JSON.stringify(pids()) === JSON.stringify([[keeper.process.pid]]), {
      what: 'the election',
    });
    for (let batch = 0; batch < 30; batch++)
      await writer.do(
        'put',
        'q',
        Array.from({ length: 20 }, () => 'x'),
        30_000,
      );
    await eventually(() => walOf(url) < LIMIT, { what: 'the checkpoint' });
    expect(pids()).toEqual([[keeper.process.pid]]);
  });

  test('is gone when the last process has closed the file', async () => {
    const url = fileUrl(folder);
    const children = [await Child.on(url), await Child.on(url)];
    for (const child of children) await child.do('put', 'q', ['a']);
    for (const child of children) await child.do('close');
    await eventually(() => statSync(`${pathOf(url)}-wal`, { throwIfNoEntry: false }) === undefined);
    expect(count(url, 'message')).toBe(2);
  });
});

test('processes that open a new file at the same moment all get it', async () => {
  const url = fileUrl(folder);
  const children = await Promise.all([0, 1, 2, 3].map(() => Child.start()));
  await Promise.all(children.map((child) => child.do('open', url.href)));
  await Promise.all(children.map((child, index) => child.do('put', 'q', [`m${index}`])));
  expect(count(url, 'message')).toBe(4);
});
