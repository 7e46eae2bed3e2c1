import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from '@jest/globals';
import { fateOf, thisProcess } from '../src/process-identity.ts';

const here = thisProcess();

async function childOf(): Promise<ReturnType<typeof spawn>> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  await once(child, 'spawn');
  return child;
}

test('this process lives', () => {
  expect(fateOf(here, here)).toBe(here.started === null ? 'unknown' : 'alive');
});

test('a process that was killed is dead', async () => {
  const child = await childOf();
  const other = { ...here, pid: child.pid!, started: null };
  expect(fateOf(other, here)).toBe('unknown'); // it is there, but nothing tells since when
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(fateOf(other, here)).toBe('dead');
});

const whenStartTimes = here.started === null ? test.skip : test;
whenStartTimes('a process that has taken over the id of another isn’t that one', () => {
  expect(fateOf({ ...here, started: '1' }, here)).toBe('dead');
});

test('nothing is said about processes of another machine, boot or container', () => {
  expect(fateOf({ machine: 'elsewhere', pid: 1, started: '1' }, here)).toBe('unknown');
  expect(fateOf({ machine: 'elsewhere', pid: 2 ** 22 + 1, started: null }, here)).toBe('unknown');
});
