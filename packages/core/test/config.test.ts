import { createApp, ImproperlyConfigured } from '@tq/core';
import { settingName, settingNames } from '@tq/core/internal';
import { RULES } from '../src/setting-rules.ts';
import { DEFAULTS, PRESETS } from '../src/settings.ts';

test('settings have their defaults until somebody says otherwise', () => {
  const app = createApp('t');
  expect(app.config).toMatchObject({ taskDefaultQueue: 'celery', resultExpires: 86_400, taskAcksLate: true });
  expect(app.conf.publishTimeout).toBe(5);
});

test('every default fits its own rule, also those of the preset', () => {
  for (const name of settingNames()) expect([name, RULES[name].fits(DEFAULTS[name])]).toEqual([name, true]);
  for (const [name, value] of Object.entries(PRESETS.celery))
    expect([name, RULES[settingName(name)].fits(value)]).toEqual([name, true]);
});

test('update() and assignment change settings at once', () => {
  const app = createApp('t');
  app.conf.update({ resultExpires: 3600, timezone: 'Europe/London' });
  app.conf.taskTrackStarted = true;
  expect(app.conf).toMatchObject({ resultExpires: 3600, timezone: 'Europe/London', taskTrackStarted: true });
});

test('an unknown setting is refused with the nearest known one, wherever it is given', () => {
  const app = createApp('t');
  const hint = 'Unknown setting "resultExpire". Did you mean resultExpires?';
  expect(() => app.conf.update({ resultExpire: 1 })).toThrow(hint);
  expect(() => Object.assign(app.conf, { resultExpire: 1 })).toThrow(hint);
  expect(() => createApp('t', { conf: { resultExpire: 1 } as object })).toThrow(hint);
  expect(() => app.conf.update({ task_acks_lat: true })).toThrow('Did you mean taskAcksLate?');
  expect(() => app.conf.update({ zzzzzz: 1 })).toThrow('See docs/settings.md');
  expect('resultExpire' in app.conf).toBe(false);
});

test("Celery's spellings are understood", () => {
  const app = createApp('t');
  app.conf.update({
    result_expires: '1h',
    CELERY_TIMEZONE: 'UTC',
    TASK_DEFAULT_QUEUE: 'q',
    broker_url: 'memory://',
  });
  expect(app.conf).toMatchObject({ resultExpires: '1h', taskDefaultQueue: 'q', brokerUrl: 'memory://' });
});

test('one setting in two spellings is refused', () => {
  expect(() => createApp('t').conf.update({ resultExpires: 1, result_expires: 2 })).toThrow(
    'The setting resultExpires is given twice, as result_expires and in another spelling.',
  );
});

test('a wrong value is refused with what is right, and nothing of the update is taken', () => {
  const app = createApp('t');
  expect(() => app.conf.update({ taskTrackStarted: true, taskTimeLimit: 'soon' })).toThrow(
    `The setting taskTimeLimit must be seconds, or a text such as '250ms', '10s', '1h', or null, not "soon".`,
  );
  expect(app.conf.taskTrackStarted).toBe(false);
  expect(() => app.conf.update({ workerConcurrency: 0 })).toThrow('a whole number of at least 1');
  expect(() => app.conf.update({ timezone: 'Mars/Base' })).toThrow('a time zone');
  expect(() => app.conf.update({ workerPrefetchMultiplier: 'much' })).toThrow('or one of "auto"');
});

test('an error about a wrong value shows no password', () => {
  const wrong = { url: 'amqp://me:s3cret@host' };
  expect(() => createApp('t').conf.update({ brokerUrl: wrong })).toThrow('amqp://me:**@host');
});

test('the retry policy is checked, and understood in snake_case', () => {
  const app = createApp('t');
  app.conf.update({ task_publish_retry_policy: { max_retries: 5, interval_max: '1s' } });
  expect(app.conf.taskPublishRetryPolicy).toEqual({ maxRetries: 5, intervalMax: '1s' });
  expect(() => app.conf.update({ taskPublishRetryPolicy: { retries: 5 } })).toThrow(
    'maxRetries, intervalStart',
  );
  expect(() => app.conf.update({ taskPublishRetryPolicy: { maxRetries: -1 } })).toThrow(ImproperlyConfigured);
});

test('undefined means not given', () => {
  const app = createApp('t', { conf: { taskTrackStarted: true } });
  app.conf.update({ taskTrackStarted: undefined });
  expect(app.conf.taskTrackStarted).toBe(true);
});

test("the preset gives Celery's defaults, below everything else", () => {
  const app = createApp('t', { preset: 'celery', conf: { workerPrefetchMultiplier: 1 } });
  expect(app.config).toMatchObject({
    taskAcksLate: false,
    taskMaxDeliveries: null,
    workerPrefetchMultiplier: 1,
  });
  expect(() => createApp('t', { preset: 'rabbit' as 'celery' })).toThrow('There is no preset "rabbit"');
});

test('runtime changes win over a configuration object, that over the preset, that over defaults', async () => {
  const app = createApp('t', { preset: 'celery', conf: { taskTimeLimit: 1 } });
  await app.configFromObject({ taskTimeLimit: 2, taskSoftTimeLimit: 2, taskAcksLate: true });
  expect(app.config).toMatchObject({ taskTimeLimit: 1, taskSoftTimeLimit: 2, taskAcksLate: true });
  await app.configFromObject({ task_time_limit: 3 });
  expect(app.config).toMatchObject({ taskTimeLimit: 1, taskSoftTimeLimit: null, taskAcksLate: false });
});

test('the resolved settings are frozen, one object until something changes', () => {
  const app = createApp('t');
  const { config } = app;
  expect(app.config).toBe(config);
  expect(Object.isFrozen(config)).toBe(true);
  app.conf.taskDefaultQueue = 'other';
  expect(app.config).not.toBe(config);
  expect(config.taskDefaultQueue).toBe('celery');
});

test('the defaults that all apps share can not be changed in place', () => {
  const { include } = createApp('t').conf;
  expect(() => (include as string[]).push('proj/tasks')).toThrow(TypeError);
  expect(createApp('u').conf.include).toEqual([]);
});

test('conf can be listed, without its methods', () => {
  expect(Object.keys(createApp('t').conf)).toEqual(Object.keys(DEFAULTS));
  expect({ ...createApp('t').conf }).toEqual(DEFAULTS);
});

test('settingName() knows every setting in both spellings', () => {
  for (const name of settingNames()) {
    const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    expect([settingName(name), settingName(snake), settingName(snake.toUpperCase())]).toEqual([
      name,
      name,
      name,
    ]);
  }
});
