import { spawnSync } from 'node:child_process';
import { identify, nameOfWorker } from '../src/worker-process.ts';
import { startedMs } from '../src/process-words.ts';
import { OtherProcess } from './other-process.ts';

const name = 'w1@host';
let other: OtherProcess | undefined;
afterEach(() => other?.end());

test.each([
  ['tq worker: w1@host', 'worker', 'w1@host'],
  ['tq worker: w10@host', 'stranger', 'w10@host'],
  ['tq worker: w1@host2', 'stranger', 'w1@host2'],
  ['tq worker: w1@host [prefork 1]', 'stranger', undefined],
  ['tail -f w1@host.log', 'stranger', undefined],
])('a process called %s is a %s', async (title, identity, called) => {
  other = await OtherProcess.called(title);
  expect(identify(other.pid, { name })).toBe(identity);
  expect(nameOfWorker(other.pid)).toBe(called);
});

test.each([
  [['worker', '-n', 'w1@host'], 'worker'],
  [['worker', '--hostname=w1@host'], 'worker'],
  [['worker', '-n', 'w2@host'], 'stranger'],
  [['ssh', '-n', 'w1@host'], 'stranger'],
  [['multi', 'stop', 'w1@host', 'worker'], 'stranger'],
])('before it has a title, %j is a %s', async (words, identity) => {
  other = await OtherProcess.called('', ...words);
  expect(identify(other.pid, { name })).toBe(identity);
});

test('a process that has ended is gone', () => {
  expect(identify(spawnSync(process.execPath, ['-e', '0']).pid, { name })).toBe('gone');
});

test('it is known when a process began, where the system tells', () => {
  const began = startedMs(process.pid);
  if (process.platform !== 'linux') expect(began).toBeUndefined();
  else expect(Math.abs((began as number) - (Date.now() - process.uptime() * 1000))).toBeLessThan(2000);
});
