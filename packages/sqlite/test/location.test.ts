import { mkdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { ImproperlyConfigured } from '@tq/core';
import { locate, placeOf } from '../src/location.ts';
import { testFolder } from './folder.ts';

const folder = realpathSync(testFolder());
const home = process.cwd();
afterEach(() => process.chdir(home));

const at = (text: string, options = {}): ReturnType<typeof locate> => locate(new URL(text), options);

test('three slashes name a file', () => {
  expect(at(`sqlite://${folder}/a.db`).file).toBe(join(folder, 'a.db'));
  expect(at(`sqlite://${folder}/with%20space%23.db`).file).toBe(join(folder, 'with space#.db'));
});

test('without a path it is .tq/queue.db in the working directory, and the folder is made', () => {
  process.chdir(folder);
  for (const text of ['sqlite://', 'sqlite:///', 'sqlite://?synchronous=full'])
    expect(at(text).file).toBe(join(folder, '.tq', 'queue.db'));
  expect(realpathSync(join(folder, '.tq'))).toBe(join(folder, '.tq'));
});

test('one file has one name, whatever the links on the way', () => {
  mkdirSync(join(folder, 'real'));
  symlinkSync(join(folder, 'real'), join(folder, 'link'));
  expect(at(`sqlite://${folder}/link/a.db`).file).toBe(at(`sqlite://${folder}/real/a.db`).file);
  rmSync(join(folder, 'link'));
});

test('defaults, and options of the URL and of the application, in both spellings', () => {
  const url = `sqlite://${folder}/a.db`;
  expect(at(url)).toMatchObject({
    synchronous: 'normal',
    leaseMs: 10_000,
    busyMs: 15_000,
    driver: 'libsql',
    maxBytes: undefined,
  });
  const query = '?synchronous=full&visibility_timeout=30&max_size=64mb&driver=better-sqlite3';
  expect(at(url + query)).toMatchObject({
    synchronous: 'full',
    leaseMs: 30_000,
    maxBytes: 64 * 1024 * 1024,
    driver: 'better-sqlite3',
  });
  expect(at(url, { visibilityTimeout: '250ms', maxSize: 4096 })).toMatchObject({
    leaseMs: 250,
    maxBytes: 4096,
  });
  expect(at(`${url}?visibilityTimeout=1m`, { visibility_timeout: 5 }).leaseMs).toBe(60_000);
  expect(at(url, { queue_order_strategy: 'sorted' }).leaseMs).toBe(10_000);
});

test.each([
  ['sqlite://relative.db', /three slashes and the absolute path/],
  ['sqlite:relative.db', /three slashes and the absolute path/],
  ['sqlite:///:memory:', /memory:\/\//],
  ['sqlite:///tmp/a.db?synchronus=full', /did you mean "synchronous"/],
  ['sqlite:///tmp/a.db?synchronous=off', /"normal" or "full"/],
  ['sqlite:///tmp/a.db?visibility_timeout=soon', /visibility_timeout must be seconds/],
  ['sqlite:///tmp/a.db?visibility_timeout=0', /longer than nothing/],
  ['sqlite:///tmp/a.db?max_size=much', /64mb/],
])('%s is refused with the way it should be', (text, sentence) => {
  expect(() => at(text)).toThrow(sentence);
  expect(() => at(text)).toThrow(ImproperlyConfigured);
});

test('for people a URL without a file shows the one it stands for, and none is made', () => {
  expect(placeOf(new URL('sqlite://'))).toMatch(/^sqlite:\/\/\/.*\/\.tq\/queue\.db$/);
  expect(placeOf(new URL('sqlite:///tmp/a.db?synchronous=full'))).toBe('sqlite:///tmp/a.db?synchronous=full');
});
