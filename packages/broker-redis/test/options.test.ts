import { ImproperlyConfigured } from '@tq/core';
import { readAddress } from '../src/address.ts';
import { readOptions } from '../src/options.ts';

const addressOf = (url: string, options: Readonly<Record<string, unknown>> = {}) =>
  readAddress(new URL(url), readOptions(options));

describe('options', () => {
  test('defaults are Celery’s', () => {
    expect(readOptions({})).toMatchObject({
      visibilityTimeoutMs: 3_600_000,
      separator: '\x06\x16',
      prioritySteps: [0, 3, 6, 9],
      orderStrategy: 'round_robin',
      unacked: 'unacked',
      unackedIndex: 'unacked_index',
      unackedMutex: 'unacked_mutex',
      mutexExpireMs: 300_000,
      fanoutPrefix: '/{db}.',
      fanoutPatterns: true,
      keyPrefix: '',
    });
  });

  test('names may be written as in Python or in camelCase', () => {
    for (const options of [
      { visibility_timeout: 60, global_keyprefix: 'a:', queue_order_strategy: 'sorted' },
      { visibilityTimeout: '1m', globalKeyprefix: 'a:', queueOrderStrategy: 'sorted' },
    ])
      expect(readOptions(options)).toMatchObject({
        visibilityTimeoutMs: 60_000,
        keyPrefix: 'a:',
        orderStrategy: 'sorted',
      });
  });

  test('a lease is short, and always shorter than half of what Python peers wait', () => {
    expect(readOptions({}).leaseMs).toBe(8000);
    expect(readOptions({ visibility_timeout: 5 }).leaseMs).toBe(2500);
    expect(() => readOptions({ visibility_timeout: 5, lease: 4 })).toThrow(
      'at most half of visibility_timeout',
    );
  });

  test.each([
    [{ visibilty_timeout: 5 }, 'did you mean "visibility_timeout"'],
    [{ queue_order_strategy: 'round-robin' }, 'round_robin?'],
    [{ priority_steps: [3, 6] }, 'the first of them 0'],
    [{ priority_steps: [] }, 'the first of them 0'],
    [{ unacked_key: 5 }, 'must be a text'],
    [{ fanout_patterns: 'yes' }, 'true or false'],
    [{ queue_weights: { a: 0 } }, 'numbers above 0'],
    [{ visibility_timeout: 0 }, 'longer than nothing'],
    [{ ack_emulation: false }, 'tq knows no other way'],
  ])('%j is refused, and the message says what to do', (options, message) => {
    expect(() => readOptions(options)).toThrow(ImproperlyConfigured);
    expect(() => readOptions(options)).toThrow(message);
  });

  test('what has no meaning here, but one for Celery, is let pass', () => {
    readOptions({
      max_connections: 10,
      health_check_interval: 25,
      ack_emulation: true,
      retry_on_timeout: true,
    });
  });
});

describe('addresses', () => {
  test.each([
    ['redis://', { kind: 'server', host: 'localhost', port: 6379, db: 0 }],
    ['redis://example.org/3', { host: 'example.org', port: 6379, db: 3 }],
    ['redis://[::1]:7000', { host: '::1', port: 7000 }],
    ['redis://:p%40ss@h', { username: undefined, password: 'p@ss' }],
    ['redis://ada:pw@h/?db=4', { username: 'ada', password: 'pw', db: 4 }],
    ['redis+socket:///run/redis.sock?virtual_host=2', { path: '/run/redis.sock', db: 2 }],
  ])('%s', (url, wanted) => {
    expect(addressOf(url)).toMatchObject(wanted);
  });

  test('rediss:// and ssl speak TLS, with Celery’s words', () => {
    expect(addressOf('redis://h').tls).toBeUndefined();
    expect(addressOf('rediss://h').tls).toEqual({});
    expect(addressOf('rediss://h?ssl_cert_reqs=CERT_NONE').tls).toEqual({ rejectUnauthorized: false });
    expect(addressOf('redis://h', { ssl: { ssl_cert_reqs: 'required', servername: 'x' } }).tls).toEqual({
      rejectUnauthorized: true,
      servername: 'x',
    });
    expect(readAddress(new URL('redis://h'), readOptions({}), { rejectUnauthorized: false }).tls).toEqual({
      rejectUnauthorized: false,
    });
    expect(readAddress(new URL('redis://h'), readOptions({ ssl: false }), true).tls).toBeUndefined();
    expect(() => addressOf('rediss://h?ssl_cert_reqs=maybe')).toThrow('required, optional or none');
    expect(() => addressOf('rediss://h?ssl_ca_certs=/no/such.pem')).toThrow("can't be read");
  });

  test('sentinel:// needs the name of the master', () => {
    expect(() => addressOf('sentinel://h')).toThrow('master_name');
    expect(addressOf('sentinel://h:26380/1', { master_name: 'm' })).toMatchObject({
      kind: 'sentinel',
      port: 26_380,
      db: 1,
    });
  });

  test('on a Cluster, all keys need one hash tag', () => {
    expect(() => addressOf('redis://h', { cluster: true })).toThrow('hash tag');
    expect(() => addressOf('redis://h/1', { cluster: true, global_keyprefix: '{tq}:' })).toThrow(
      'database 0',
    );
    expect(addressOf('redis://h', { cluster: true, global_keyprefix: '{tq}:' }).kind).toBe('cluster');
  });

  test.each(['redis://h/name', 'redis://h?timeout=3', 'redis+socket://'])('%s is refused', (url) => {
    expect(() => addressOf(url)).toThrow(ImproperlyConfigured);
  });
});
