import { createApp, ImproperlyConfigured, silentLogger } from '@tq/core';
import type { App, Encoded, Settings, TaskMeta } from '@tq/core';
import { jsonResults, resultCodec } from '@tq/core/internal';
import { failoverOrder } from '../src/connect.ts';
import { Serializers } from '../src/serialize/registry.ts';
import { tlsFailure } from '../src/tls-failure.ts';
import { readTls, tlsInQuery, tlsOptions } from '../src/tls.ts';
import { FakeBackend } from './support/fake-backend.ts';
import { FakeBroker } from './support/fake-broker.ts';

const broker = new FakeBroker();
const backend = new FakeBackend();
const apps: App[] = [];

function open(conf: Partial<Settings> = {}): App {
  const app = createApp('t', {
    broker: { transport: broker.transport, url: 'fake://host' },
    backend: { driver: backend.driver },
    conf,
    logger: silentLogger,
  });
  apps.push(app);
  return app;
}

afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()));
});

test('a driver gets heartbeat, TLS, log-in and the type of delay queues', async () => {
  const app = open({
    brokerHeartbeat: '30s',
    brokerUseSsl: { ca: 'authority', servername: 'mq' },
    brokerLoginMethod: 'EXTERNAL',
    brokerNativeDelayedDeliveryQueueType: 'classic',
  });
  await app.connect();
  expect(broker.options.at(-1)).toMatchObject({
    heartbeatMs: 30_000,
    tls: { ca: 'authority', servername: 'mq' },
    loginMethod: 'EXTERNAL',
    delayQueueType: 'classic',
  });
  app.conf.update({ brokerUseSsl: false, broker_heartbeat: null });
  await app.connect();
  expect(broker.options.at(-1)).toMatchObject({ heartbeatMs: 0 });
  expect(broker.options.at(-1)).not.toHaveProperty('tls');
});

test('a result backend gets its settings in milliseconds, and a codec', async () => {
  const app = open({
    resultPersistent: true,
    redisBackendUseSsl: true,
    redisMaxConnections: 7,
    redisSocketConnectTimeout: 2,
    redisRetryOnTimeout: true,
    redisSocketKeepalive: true,
    redisBackendHealthCheckInterval: '10s',
    redisClientName: 'tq',
    redisUsername: 'me',
    redisPassword: 'pw',
    resultSerializer: 'msgpack',
  });
  await app.resultBackend();
  expect(backend.options?.settings).toEqual({
    tls: true,
    connectTimeoutMs: 2000,
    socketTimeoutMs: 10_000,
    keepAlive: true,
    healthCheckMs: 10_000,
    clientName: 'tq',
    username: 'me',
    password: 'pw',
  });
  expect(backend.options?.codec?.contentType).toBe('application/x-msgpack');
});

test('a task fails when the result serializer can not write what it returns', async () => {
  const app = open({ resultSerializer: 'msgpack', taskAlwaysEager: true });
  const now = app.task('t.now', () => new Date(0));
  const fine = app.task('t.fine', () => ({ a: [1] }));
  await expect(now.delay().get()).rejects.toThrow(
    "result can't be sent: Python reads no dates from MessagePack",
  );
  await expect(fine.delay().get()).resolves.toEqual({ a: [1] });
});

test('consuming and publishing may have addresses of their own', async () => {
  const app = createApp('t', {
    broker: 'memory://both',
    conf: { brokerReadUrl: 'memory://read', brokerWriteUrl: ['memory://w1', 'memory://w2'] },
  });
  expect(app.brokerSettingFor('reading')).toBe('memory://read');
  expect(app.brokerSettingFor('writing')).toEqual(['memory://w1', 'memory://w2']);
  app.conf.update({ brokerReadUrl: null });
  expect(app.brokerSettingFor('reading')).toBe('memory://both');
  process.env['CELERY_BROKER_WRITE_URL'] = 'memory://env';
  try {
    expect(app.brokerSettingFor('writing')).toBe('memory://env');
  } finally {
    delete process.env['CELERY_BROKER_WRITE_URL'];
  }
});

describe('several addresses are tried', () => {
  const endpoints = ['a', 'b', 'c'].map((host) => ({
    transport: broker.transport,
    url: new URL(`fake://${host}`),
  }));
  const hosts = (order: readonly number[]): string =>
    order.map((place) => endpoints[place]?.url.hostname).join('');

  test('in turn from the last that answered', () => {
    expect(hosts(failoverOrder(endpoints, 1, 'round-robin'))).toBe('bca');
  });

  test('in any order with shuffle', () => {
    const orders = Array.from({ length: 200 }, () => hosts(failoverOrder(endpoints, 0, 'shuffle')));
    expect(new Set(orders).size).toBe(6);
  });

  test('in the order of a function, which may leave some out', () => {
    const backwards = (urls: readonly string[]): readonly string[] => urls.toReversed().slice(0, 2);
    expect(hosts(failoverOrder(endpoints, 0, backwards))).toBe('cb');
    for (const wrong of [() => [], () => ['fake://other']])
      expect(() => failoverOrder(endpoints, 0, wrong)).toThrow(ImproperlyConfigured);
  });
});

describe('TLS', () => {
  const file = new URL('recorded/security/stranger.pem', import.meta.url).pathname;

  test("is on or off, or has Node's options, or Celery's with the names of files", () => {
    expect([tlsOptions(null), tlsOptions(false), tlsOptions(true)]).toEqual([undefined, undefined, true]);
    expect(tlsOptions({ ca: 'x', rejectUnauthorized: false })).toEqual({
      ca: 'x',
      rejectUnauthorized: false,
    });
    const celery = { ssl_ca_certs: file, certfile: file, ssl_cert_reqs: 'CERT_NONE' } as object;
    expect(tlsOptions(celery)).toEqual({
      ca: expect.any(Buffer) as Buffer,
      cert: expect.any(Buffer) as Buffer,
      rejectUnauthorized: false,
    });
    expect(tlsOptions({ certReqs: 'required' })).toEqual({ rejectUnauthorized: true });
  });

  test('is refused with a key that nobody knows, or a file that is not there', () => {
    expect(() => open({ brokerUseSsl: { sertfile: 'x' } as object })).toThrow(
      'must be true, false, or an object',
    );
    expect(() => tlsOptions({ keyfile: '/no/such.key' })).toThrow("The TLS file /no/such.key can't be read");
  });
});

describe('TLS of a driver', () => {
  const file = new URL('recorded/security/stranger.pem', import.meta.url).pathname;

  test('is on by the scheme, or by whatever says so last', () => {
    expect(readTls(false)).toBeUndefined();
    expect(readTls(true)).toEqual({});
    expect(readTls(false, true)).toEqual({});
    expect(readTls(false, true, false)).toBeUndefined();
    expect(readTls(true, undefined, false)).toEqual({});
    expect(readTls(false, { ca: 'x' }, 'false')).toBeUndefined();
    expect(readTls(false, undefined, 'true')).toEqual({});
  });

  test('is put together from settings, options and the URL, the last word first', () => {
    const query = tlsInQuery(new URL(`rediss://h?ssl_ca_certs=${file}&ssl_cert_reqs=CERT_OPTIONAL&db=1`));
    expect(readTls(true, { ca: 'x', servername: 's' }, { cert_reqs: 0 }, query)).toEqual({
      ca: expect.any(Buffer) as Buffer,
      servername: 's',
      rejectUnauthorized: true,
    });
    expect(tlsInQuery(new URL('amqp://h?ssl=true'))).toBe('true');
    expect(tlsInQuery(new URL('amqp://h'))).toBeUndefined();
  });

  test("understands Celery's names", () => {
    const given = { ssl_password: 'p', ssl_ca_data: 'x', server_hostname: 'h', ssl_check_hostname: 'false' };
    expect(readTls(false, given)).toEqual({
      passphrase: 'p',
      ca: 'x',
      servername: 'h',
      checkServerIdentity: expect.any(Function) as () => undefined,
    });
  });

  test('refuses what it does not know', () => {
    expect(() => readTls(true, { ssl_certs: 'x' })).toThrow('no TLS option "ssl_certs"');
    expect(() => readTls(true, { cert_reqs: 'perhaps' })).toThrow('required, optional or none');
  });

  test.each([
    [{ code: 'SELF_SIGNED_CERT_IN_CHAIN' }, /ca_certs/],
    [{ code: 'CERT_HAS_EXPIRED' }, /renew/],
    [{ code: 'ERR_TLS_CERT_ALTNAME_INVALID' }, /servername/],
    [{ code: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED' }, /certfile/],
    [{ code: 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA' }, /authority that the server trusts/],
    [{ code: 'ERR_SSL_WRONG_VERSION_NUMBER' }, /no TLS on this port/],
    [{ message: 'All sentinels are unreachable. Last error: self-signed certificate' }, /ca_certs/],
  ])('a failure for good says what to do: %j', (said, advice) => {
    const error = Object.assign(new Error('x'), said);
    expect(String(tlsFailure(error, 'The broker'))).toMatch(advice);
  });

  test('another failure is none of TLS', () => {
    expect(tlsFailure(Object.assign(new Error('x'), { code: 'ECONNREFUSED' }), 'x')).toBeUndefined();
  });
});

describe('the codec of results', () => {
  const meta: TaskMeta<Encoded> = {
    taskId: 'id',
    status: 'SUCCESS',
    result: '5' as Encoded,
    traceback: null,
    children: [],
    dateDone: '2026-11-22T16:08:03.055107+00:00',
  };
  const codec = (conf: Partial<Settings>) => resultCodec(createApp('t', { conf }).config, new Serializers());

  test('is JSON unless another is named', () => {
    expect(Buffer.from(jsonResults().encodeMeta(meta)).toString()).toContain('"status":"SUCCESS","result":5');
    expect(jsonResults().decodeMeta(codec({}).encodeMeta(meta))).toEqual({ ...meta, result: 5 });
  });

  test.each(['msgpack', 'yaml'])('writes and reads %s', (resultSerializer) => {
    const other = codec({ resultSerializer });
    expect(other.decodeMeta(other.encodeMeta(meta))).toEqual({ ...meta, result: 5 });
    expect(other.decode(other.encode([1, 'two']))).toEqual([1, 'two']);
  });

  test('refuses what a result says it is unless that is accepted', () => {
    const bytes = codec({ resultSerializer: 'msgpack' }).encodeMeta(meta);
    const content = { contentType: 'application/x-msgpack', contentEncoding: 'binary' };
    expect(() => codec({}).decodeMeta(bytes, content)).toThrow('not in the setting');
    const accepting = codec({ resultAcceptContent: ['json', 'msgpack'] });
    expect(accepting.decodeMeta(bytes, content)).toMatchObject({ result: 5 });
    // Results in JSON are read also where tasks must be signed.
    const strict = codec({ acceptContent: ['auth'] });
    expect(strict.decodeMeta(strict.encodeMeta(meta))).toMatchObject({ result: 5 });
  });
});
