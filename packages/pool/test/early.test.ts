import { silentLogger, systemClock } from '@tq/core';
import type { PoolHost } from '@tq/core';
import { eventually } from '@tq/testkit';
import { dropEarlyHost, startEarlyHost, takeEarlyHost } from '../src/early.ts';
import { prefork } from '../src/prefork.ts';
import { entry, handler } from './fixtures/index.ts';

function hostFor(entryUrl: string): PoolHost {
  return {
    entry: entryUrl,
    init: {},
    handler: () => Promise.resolve(handler),
    logger: silentLogger,
    clock: systemClock,
    size: 1,
    startTimeoutMs: 20_000,
    onFatal: () => undefined,
    onLog: () => undefined,
  };
}

afterEach(() => dropEarlyHost());

test('the first prefork pool takes over the child process that was started early, and only the first', async () => {
  startEarlyHost(entry);
  startEarlyHost(entry); // one is enough
  await using pool = prefork({ size: 2 }).create(hostFor(entry));
  await pool.start();
  expect(takeEarlyHost(entry)).toBeUndefined();
  expect(new Set(pool.stats().hosts.map((host) => host.pid)).size).toBe(2);
});

test('a pool of another entry leaves it alone, and dropping it ends it', async () => {
  startEarlyHost(entry);
  expect(takeEarlyHost('file:///other.js')).toBeUndefined();
  dropEarlyHost();
  expect(takeEarlyHost(entry)).toBeUndefined();
  dropEarlyHost(); // does no harm
});

test('one that has died meanwhile is not handed over', async () => {
  startEarlyHost('file:///does/not/exist.mjs');
  await eventually(() => takeEarlyHost('file:///does/not/exist.mjs') === undefined, {
    what: 'the dead one to be noticed',
  });
});
