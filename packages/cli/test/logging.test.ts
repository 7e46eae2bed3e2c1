import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@tq/testkit';
import { createLogging } from '../src/logging.ts';
import type { LoggingOptions } from '../src/logging.ts';
import { fakeTerminal } from './terminal.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tq-logging-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const format: LoggingOptions['format'] = ({ level, message }) => `${level} ${message}`;
const read = (name: string): string => readFileSync(join(folder, name), 'utf8');

test('lines go to the stream in order, also those from before winston was there', async () => {
  const terminal = fakeTerminal();
  const { logger, close } = createLogging({ level: 'info', format, stream: terminal.stderr });
  logger.info('first');
  logger.child({ x: 1 }).error('second');
  await close();
  expect(terminal.complained()).toBe('info first\nerror second\n');
});

test('what is below the level is not even formatted', async () => {
  const terminal = fakeTerminal();
  const { logger, close } = createLogging({ level: 'warn', format, stream: terminal.stderr });
  logger.info('no');
  logger.debug('no');
  logger.warn('yes');
  await close();
  expect(terminal.complained()).toBe('warn yes\n');
  expect([logger.isEnabled?.('info'), logger.isEnabled?.('warn')]).toEqual([false, true]);
});

test('each process has a file, where the pattern says so', async () => {
  const { logger, close } = createLogging({
    level: 'info',
    format,
    stream: process.stderr,
    file: (index) => join(folder, `w${index}.log`),
  });
  logger.info('main');
  logger.info('child', { processName: 'ForkPoolWorker-2', processIndex: 2 });
  await close();
  expect([read('w0.log'), read('w2.log')]).toEqual(['info main\n', 'info child\n']);
});

test('a file is added to', async () => {
  writeFileSync(join(folder, 'w.log'), 'before\n');
  const { logger, close } = createLogging({
    level: 'info',
    format,
    stream: process.stderr,
    file: () => join(folder, 'w.log'),
  });
  logger.info('after');
  await close();
  expect(read('w.log')).toBe('before\ninfo after\n');
});

test('after a rotation lines go to a new file, once it is opened again', async () => {
  const logging = createLogging({
    level: 'info',
    format,
    stream: process.stderr,
    file: () => join(folder, 'w.log'),
  });
  logging.logger.info('old');
  await eventually(() => read('w.log') === 'info old\n');
  renameSync(join(folder, 'w.log'), join(folder, 'w.log.1'));
  logging.reopen();
  logging.logger.info('new');
  await logging.close();
  expect([read('w.log.1'), read('w.log')]).toEqual(['info old\n', 'info new\n']);
});

test('a log file that can not be is refused at once', () => {
  writeFileSync(join(folder, 'file'), '');
  expect(() =>
    createLogging({
      level: 'info',
      format,
      stream: process.stderr,
      file: () => join(folder, 'file', 'w.log'),
    }),
  ).toThrow(/ENOTDIR|EEXIST/);
});
