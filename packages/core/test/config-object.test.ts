import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createApp, ImproperlyConfigured } from '@tq/core';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tq-config-'));
  writeFileSync(join(folder, 'given.mjs'), "export default { taskTimeLimit: 7, task_default_queue: 'q' };");
  writeFileSync(join(folder, 'named.mjs'), 'export const taskTimeLimit = 8;');
  writeFileSync(join(folder, 'broken.mjs'), "throw new Error('no such host');");
  writeFileSync(
    join(folder, 'larger.mjs'),
    'export const TQ_TASK_TIME_LIMIT = 9; export const DEBUG = true;',
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

const appIn = (): ReturnType<typeof createApp> =>
  createApp('t', { module: pathToFileURL(join(folder, 'tq.js')).href });

test('a module gives settings by its default export, found beside the app', async () => {
  const app = appIn();
  await app.configFromObject('./given.mjs');
  expect(app.config).toMatchObject({ taskTimeLimit: 7, taskDefaultQueue: 'q' });
});

test('a module gives settings by named exports, and so does its namespace object', async () => {
  const app = appIn();
  await app.configFromObject('./named.mjs');
  expect(app.config.taskTimeLimit).toBe(8);
  await app.configFromObject({ default: { taskTimeLimit: 1 }, __esModule: true });
  expect(app.config.taskTimeLimit).toBe(1);
});

test('with a namespace only names with its prefix count', async () => {
  const app = appIn();
  await app.configFromObject('./larger.mjs', { namespace: 'TQ' });
  expect(app.config.taskTimeLimit).toBe(9);
  await app.configFromObject({ TQ_TASK_TIME_LIMIT: 4, PORT: 80 }, { namespace: 'TQ_' });
  expect(app.config.taskTimeLimit).toBe(4);
  await expect(app.configFromObject({ TQ_TASK_LIMIT: 4 }, { namespace: 'TQ' })).rejects.toThrow(
    'Unknown setting',
  );
});

test('without a namespace every export must be a setting', async () => {
  await expect(appIn().configFromObject('./larger.mjs')).rejects.toThrow('Unknown setting');
});

test('a module that is missing or broken is named in the error', async () => {
  const missing = appIn().configFromObject('./absent.mjs');
  await expect(missing).rejects.toThrow(ImproperlyConfigured);
  await expect(missing).rejects.toThrow(`Can't load the configuration module "./absent.mjs"`);
  await expect(appIn().configFromObject('./broken.mjs')).rejects.toThrow('no such host');
  await expect(appIn().configFromObject('no-such-package')).rejects.toThrow('There is no such package');
});

test('an environment variable may name the module', async () => {
  process.env['TQ_CONFIG_MODULE'] = join(folder, 'given.mjs');
  try {
    const app = createApp('t');
    await app.configFromEnv();
    expect(app.config.taskTimeLimit).toBe(7);
  } finally {
    delete process.env['TQ_CONFIG_MODULE'];
  }
  await expect(createApp('t').configFromEnv()).rejects.toThrow(
    'TQ_CONFIG_MODULE names no configuration module',
  );
});
