import { silentLogger, systemClock } from '@tq/core';
import { jsonResults } from '@tq/core/internal';
import { settingsOf } from '../src/settings.ts';
import type { RedisSettings } from '../src/settings.ts';

function read(text: string, options: Readonly<Record<string, unknown>> = {}): RedisSettings {
  const [url, ...fallbacks] = text.split(';').map((each) => new URL(each));
  return settingsOf(url!, {
    logger: silentLogger,
    clock: systemClock,
    options,
    expiresMs: undefined,
    timeoutMs: 1000,
    codec: jsonResults(),
    fallbacks,
  });
}

test.each([
  ['redis://', { host: 'localhost', port: 6379, db: 0 }],
  ['redis://h:1234/5', { host: 'h', port: 1234, db: 5 }],
  ['redis://user:p%40ss@[::1]/2', { host: '::1', username: 'user', password: 'p@ss', db: 2 }],
  ['redis://:secret@h', { host: 'h', password: 'secret' }],
  ['redis+socket:///run/re%20dis.sock?virtual_host=3', { path: '/run/re dis.sock', db: 3 }],
  ['redis+socket:///run/r.sock?password=s%26x', { path: '/run/r.sock', password: 's&x', db: 0 }],
  ['rediss://h', { tls: {} }],
  ['rediss://h?ssl_cert_reqs=none', { tls: { rejectUnauthorized: false } }],
  ['rediss://h?ssl_cert_reqs=CERT_NONE', { tls: { rejectUnauthorized: false } }],
])('%s', (text, server) => {
  expect(read(text).server).toMatchObject(server);
});

test('sentinels are listed in one URL, and the master is named', () => {
  const options = { master_name: 'mymaster', sentinel_kwargs: { password: 'x' } };
  expect(read('sentinel://:pw@one:26380/1;sentinel://two', options).server).toMatchObject({
    sentinels: [
      { host: 'one', port: 26_380 },
      { host: 'two', port: 26_379 },
    ],
    name: 'mymaster',
    password: 'pw',
    sentinelPassword: 'x',
    db: 1,
  });
  expect(() => read('sentinel://one')).toThrow(/master_name/);
});

test('options are read in Celery’s spelling and in ours', () => {
  const policy = { max_retries: 3, interval_start: 0, interval_step: 0.5, interval_max: 2 };
  const retry = { maxRetries: 3, firstMs: 0, stepMs: 500, maxMs: 2000 };
  expect(read('redis://', { retry_policy: policy, result_chord_ordered: false })).toMatchObject({
    retry,
    chordOrdered: false,
  });
  expect(
    read('redis://', { retryPolicy: { maxRetries: 3, intervalStep: 0.5, intervalStart: 0, intervalMax: 2 } })
      .retry,
  ).toEqual(retry);
  expect(read('redis://?socket_timeout=2s').socketTimeoutMs).toBe(2000);
});

test('a database that isn’t a number is refused', () => {
  expect(() => read('redis://h/results')).toThrow(/number of its database/);
});
