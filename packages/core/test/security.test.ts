import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  ContentDisallowed,
  createApp,
  ImproperlyConfigured,
  PlainDate,
  SecurityError,
  systemClock,
} from '@tq/core';
import type { App, Clock, SecurityOptions } from '@tq/core';
import { authSerializer } from '../src/security/auth.ts';
import { readCertificate } from '../src/security/certificate.ts';
import { readStore } from '../src/security/store.ts';
import { vectorsOf } from './support/vectors.ts';

const folder = new URL('recorded/security/', import.meta.url).pathname;
const STORE = `${folder}store/*.pem`;
const NODE: SecurityOptions = {
  key: `${folder}store/node.key`,
  cert: `${folder}store/node.pem`,
  store: STORE,
};
const PYTHON: SecurityOptions = {
  key: `${folder}store/python.key`,
  keyPassword: 'secret',
  cert: `${folder}store/python.pem`,
  store: STORE,
};

/** What Celery has signed with the keys in the folder. */
const signed = JSON.parse(readFileSync(`${folder}signed.json`, 'utf8')) as {
  readonly ids: Readonly<Record<string, string>>;
  readonly vectors: readonly { readonly id: string; readonly body_base64: string }[];
};

interface AuthVector {
  readonly id: string;
  readonly body_raw_base64: string;
  readonly certificate_pem: string;
  readonly decoded_fields: { readonly signer: string; readonly body: string };
}

const clockAt = (now: number | (() => number)): Clock => ({
  now: typeof now === 'number' ? () => now : now,
  monotonic: () => systemClock.monotonic(),
  sleep: (...wait) => systemClock.sleep(...wait),
  every: (...turn) => systemClock.every(...turn),
});

const BODY = [
  [2, 3],
  { when: new Date('2024-02-29T00:00:00Z') },
  { callbacks: null, errbacks: null, chain: null, chord: null },
];

const secured = (options: SecurityOptions = NODE): App => createApp('t').setupSecurity(options);

function read(app: App, bytes: Uint8Array): unknown {
  return app.serializers.forReceiving('application/data', 'utf-8', app.config.acceptContent).decode(bytes);
}

function fromCelery(id: string, options: SecurityOptions = NODE): unknown {
  const vector = signed.vectors.find((each) => each.id === id);
  return read(secured(options), Buffer.from(vector?.body_base64 as string, 'base64'));
}

test.each(Object.entries(signed.ids))(
  'the certificate %s is known by the id that Celery gives it',
  (name, id) => {
    const file = `${folder}store/${name}.pem`;
    expect(readCertificate(readFileSync(file, 'utf8'), file).id).toBe(id);
  },
);

test.each([
  ['python-json', {}],
  ['python-yaml', { allowedSerializers: ['yaml'] }],
  ['python-sha512', { digest: 'sha512' }],
  ['python-old-layout', {}],
  ['odd-json', {}],
  ['odd-old-layout', {}],
] as const)('what Celery has signed is believed: %s', (id, options) => {
  expect(fromCelery(id, { ...NODE, ...options })).toEqual(BODY);
});

test('what tq has signed is believed by another, whatever it is written in', () => {
  for (const serializer of ['json', 'yaml', 'msgpack']) {
    const value = [[1, 'zwei'], {}, null];
    const bytes = secured({ ...PYTHON, serializer })
      .serializers.forSending('auth')
      .encode(value);
    expect(read(secured({ ...NODE, allowedSerializers: [serializer] }), bytes)).toEqual(value);
  }
});

test.each([
  ['stranger', {}, /signed by "stranger\.example \d+", who is not in the store/],
  ['wrong-key', {}, 'does not fit the message'],
  ['python-sha512', {}, 'does not fit the message'],
] as const)('%s is not believed', (id, options, message) => {
  expect(() => fromCelery(id, { ...NODE, ...options })).toThrow(SecurityError);
  expect(() => fromCelery(id, { ...NODE, ...options })).toThrow(message);
});

test('a signature does not make pickle or another format acceptable', () => {
  expect(() => fromCelery('pickle')).toThrow('Pickle runs code of the sender');
  expect(() => fromCelery('python-yaml')).toThrow(ContentDisallowed);
});

test('a single changed byte is noticed, wherever it is', () => {
  const app = secured();
  const raw = Buffer.from(
    app.serializers
      .forSending('auth')
      .encode([[1], {}, {}])
      .toString(),
    'base64',
  );
  for (let at = 0; at < raw.length; at += 7) {
    const forged = Buffer.from(raw);
    forged[at] = (forged[at] as number) ^ 1;
    expect(() => read(app, Buffer.from(forged.toString('base64')))).toThrow();
  }
  for (const text of ['', 'AAE=', '!!!', Buffer.from('no fields').toString('base64')])
    expect(() => read(app, Buffer.from(text))).toThrow(SecurityError);
});

test('a certificate that expires while the app runs is not believed any more', () => {
  let nowMs = Date.UTC(2026, 0, 1);
  const app = createApp('t', { clock: clockAt(() => nowMs) });
  app.setupSecurity(NODE);
  const bytes = app.serializers.forSending('auth').encode([1]);
  expect(read(app, bytes)).toEqual([1]);
  nowMs = Date.UTC(2200, 0, 1);
  expect(() => read(app, bytes)).toThrow('whose certificate has expired');
});

test('with signing on, nothing unsigned is sent or taken', () => {
  const app = secured();
  expect(app.conf.taskSerializer).toBe('auth');
  expect(() => app.serializers.forReceiving('application/json', 'utf-8', app.config.acceptContent)).toThrow(
    ContentDisallowed,
  );
});

test('settings that contradict signing are refused', () => {
  const sends = createApp('t', { conf: { taskSerializer: 'json' } });
  const takes = createApp('t', { conf: { acceptContent: ['auth', 'json'] } });
  for (const app of [sends, takes]) expect(() => app.setupSecurity(NODE)).toThrow(ImproperlyConfigured);
  expect(() => createApp('t').setupSecurity()).toThrow('give setupSecurity() key, cert and store');
});

test('keys and certificates may stand in the settings', () => {
  const app = createApp('t', {
    conf: {
      securityKey: PYTHON.key as string,
      securityKeyPassword: 'secret',
      securityCertificate: PYTHON.cert as string,
      securityCertStore: STORE,
    },
  });
  app.setupSecurity();
  const { body, contentType } = app.serializers.rewrite('[[1],{},{}]' as never, 'application/data');
  expect(contentType).toBe('application/data');
  expect(read(secured(), body)).toEqual([[1], {}, {}]);
});

test.each([
  ['no such file', { key: `${folder}nothing.key` }, "can't be read"],
  ['another password', { ...PYTHON, keyPassword: 'wrong' }, 'or its password is another'],
  ["a key that is not the certificate's", { key: `${folder}stranger.key` }, 'is not that of the key'],
  ['a key that is not RSA', { key: `${folder}curve.key` }, 'RSA keys only'],
  ['a certificate that is not RSA', { cert: `${folder}curve.pem` }, 'RSA keys only'],
  ['no certificate', { cert: `${folder}curve.key` }, 'not a certificate in PEM form'],
  ['an expired one in the store', { store: `${folder}expired/*.pem` }, 'has expired'],
  ['an empty store', { store: `${folder}nowhere/*.pem` }, 'No certificate is in the store'],
  ['an unknown digest', { digest: 'md0' }, 'There is no digest "md0"'],
  ['signing twice', { serializer: 'auth' }, 'No serializer is called "auth"'],
] as const)('%s is refused when signing is set up', (_, options, message) => {
  expect(() => secured({ ...NODE, ...options })).toThrow(message);
});

test('a store is a folder or a pattern, with patterns in folders too', () => {
  const now = Date.UTC(2026, 0, 1);
  expect(readStore(`${folder}*/node.pem`, now).size).toBe(1);
  expect(readStore(STORE, now).size).toBe(3);
  expect(() => readStore(`${folder}store`, now)).toThrow('not a certificate');
});

test('a value that can not be sent is named by its path, signed or not', async () => {
  const app = secured();
  const values = [PlainDate.from('2024-02-29'), () => 1];
  await expect(app.sendTask('t.x', values)).rejects.toThrow("args[1] can't be sent: it is a function");
});

test('the message that a Celery worker sent over RabbitMQ is believed with its certificate', () => {
  const vector = vectorsOf<AuthVector>('tasks-auth-amqp')('auth-signed');
  const certificate = readCertificate(vector.certificate_pem, 'the vector');
  const app = createApp('t', { clock: clockAt(Date.UTC(2026, 10, 23)) });
  const auth = authSerializer({
    key: createPrivateKey(readFileSync(NODE.key as string)),
    certificate,
    store: new Map([[certificate.id, certificate]]),
    digest: 'sha256',
    inner: app.serializers.forSending('json'),
    accept: ['json'],
    serializers: app.serializers,
    clock: app.clock,
  });
  expect(certificate.id).toBe(vector.decoded_fields.signer);
  expect(auth.decode(Buffer.from(vector.body_raw_base64, 'base64'))).toEqual(
    JSON.parse(vector.decoded_fields.body),
  );
});
