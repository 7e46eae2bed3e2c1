import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dropStalePidFile, takePidFile } from '../src/pid-file.ts';
import { OtherProcess } from './other-process.ts';

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

describe('with the id of a running process', () => {
  let other: OtherProcess | undefined;
  afterEach(() => other?.end());

  /** Writes its id to the file, this many seconds ago. */
  const leftBy = async (title: string, secondsAgo = 0): Promise<number> => {
    other = await OtherProcess.called(title);
    takePidFile(path, 'w1@host');
    writeFileSync(path, `${other.pid}\n`);
    const atSeconds = Date.now() / 1000 - secondsAgo;
    utimesSync(path, atSeconds, atSeconds);
    return other.pid;
  };

  test.each(['tq worker: w1@host', 'tq worker: w2@host', 'tq beat'])('%s, it is refused', async (title) => {
    const pid = await leftBy(title);
    expect(() => takePidFile(path, 'w1@host')).toThrow(
      `The pid file ${path} is in use: process ${pid} runs. Stop it first`,
    );
    expect(readFileSync(path, 'utf8')).toBe(`${pid}\n`);
    dropStalePidFile(path, 'w1@host');
    expect(existsSync(path)).toBe(true);
  });

  test.each([
    ['another program', 'postgres', 0],
    ['another worker that began later', 'tq worker: w2@host', 3600],
  ])('that is %s now, it is taken over', async (_, title, secondsAgo) => {
    await leftBy(title, secondsAgo);
    takePidFile(path, 'w1@host');
    expect(readFileSync(path, 'utf8')).toBe(`${process.pid}\n`);
  });

  test('that is another program now, it is removed', async () => {
    await leftBy('postgres');
    dropStalePidFile(path, 'w1@host');
    expect(readdirSync(join(folder, 'run'))).toEqual([]);
  });
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
  expect(() => takePidFile(path, 'w1@host')).toThrow(
    `Can't make the folder ${join(folder, 'run')}: a file of that name, or a link to nowhere, is in the way.`,
  );
});

test('a link that lies where the file is written first is not followed', () => {
  takePidFile(path, 'w1@host')();
  symlinkSync(join(folder, 'victim'), `${path}.${process.pid}`);
  takePidFile(path, 'w1@host');
  expect(existsSync(join(folder, 'victim'))).toBe(false);
});
