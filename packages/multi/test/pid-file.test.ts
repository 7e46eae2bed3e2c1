import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { takePidFile } from '../src/pid-file.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tq-pid-'));
  path = join(folder, 'run', 'w1.pid');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The id of a process that has ended. */
function deadPid(): number {
  return spawnSync(process.execPath, ['-e', '0']).pid;
}

test('holds the id of this process until it is released; nothing else is left', () => {
  const release = takePidFile(path, 'w1@host');
  expect(readFileSync(path, 'utf8')).toBe(`${process.pid}\n`);
  expect(readdirSync(join(folder, 'run'))).toEqual(['w1.pid']);
  release();
  expect(readdirSync(join(folder, 'run'))).toEqual([]);
});

test('is refused while the process in it runs', () => {
  takePidFile(path, 'w1@host');
  writeFileSync(path, `${process.ppid}\n`);
  expect(() => takePidFile(path, 'w1@host')).toThrow(
    `is in use: process ${process.ppid} runs. Stop it first`,
  );
  expect(readFileSync(path, 'utf8')).toBe(`${process.ppid}\n`);
});

test.each([
  ['of a process that is gone', () => `${deadPid()}\n`],
  ['with nonsense in it', () => 'not a number'],
  ['that is empty', () => ''],
  ['with our own id, of an earlier life in a container', () => `${process.pid}\n`],
])('one %s is taken over', (_, content) => {
  takePidFile(path, 'w1@host')();
  writeFileSync(path, content());
  takePidFile(path, 'w1@host');
  expect(readFileSync(path, 'utf8')).toBe(`${process.pid}\n`);
  expect(readdirSync(join(folder, 'run'))).toEqual(['w1.pid']);
});

test('one that another process has taken over meanwhile is left to it', () => {
  const release = takePidFile(path, 'w1@host');
  writeFileSync(path, `${process.ppid}\n`);
  release();
  expect(existsSync(path)).toBe(true);
});

test('a folder that can not be made is a sentence', () => {
  writeFileSync(join(folder, 'run'), '');
  expect(() => takePidFile(path, 'w1@host')).toThrow(/Can't write the pid file .*w1.pid/);
});
