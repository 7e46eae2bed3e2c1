// Broker and results over TLS, with a certificate authority of the test's own.
import { createApp, ImproperlyConfigured, TqError } from '@tq/core';
import { startRedis, TestAuthority } from '@tq/testkit';
import type { TestServer } from '@tq/testkit';
import { Workplace } from './support/worker-process.ts';

let authority: TestAuthority;
let server: TestServer;
let secure: (parameters: Readonly<Record<string, string>>) => string;

beforeAll(async () => {
  authority = new TestAuthority();
  server = await startRedis({ tls: authority.issue('redis'), config: ['--tls-auth-clients', 'yes'] });
  secure = (parameters) =>
    `rediss://127.0.0.1:${server.tlsPort}/0?${new URLSearchParams(parameters).toString()}`;
});
afterAll(async () => {
  await server?.end();
  authority?.[Symbol.dispose]();
});

test('a worker and a client meet on rediss:// with certificates of their own', async () => {
  const { ca, cert, key } = authority.issue('shop');
  const url = secure({ ssl_ca_certs: ca, ssl_certfile: cert, ssl_keyfile: key });
  using place = new Workplace({ fixture: 'outage', broker: url });
  await place.worker('-P', 'threads', '-c', '1').ready();
  const app = createApp('client', { broker: url, backend: url });
  try {
    const result = await app.sendTask('outage.echo', ['hush']);
    expect(await result.get({ timeout: '10s' })).toBe('hush');
  } finally {
    await app.close();
  }
});

test('settings say the same as parameters of the URL', async () => {
  const { ca, cert, key } = authority.issue('shop');
  const url = `rediss://127.0.0.1:${server.tlsPort}/0`;
  const tls = { caCerts: ca, certfile: cert, keyfile: key };
  const app = createApp('client', {
    broker: url,
    backend: url,
    conf: { brokerUseSsl: tls, redisBackendUseSsl: tls },
  });
  try {
    const result = await app.sendTask('nobody.knows', []);
    expect(await result.state()).toBe('PENDING');
  } finally {
    await app.close();
  }
});

test('what is refused is told of with what to do, for broker and results alike', async () => {
  using stranger = new TestAuthority('somebody else');
  const own = authority.issue('shop');
  const theirs = stranger.issue('shop');
  const files = { ssl_certfile: own.cert, ssl_keyfile: own.key };
  const wrong: readonly (readonly [Readonly<Record<string, string>>, string])[] = [
    [files, 'ca_certs'],
    [{ ...files, ssl_ca_certs: stranger.ca }, 'ca_certs'],
    [{ ssl_ca_certs: own.ca }, 'certfile'],
    [{ ssl_ca_certs: own.ca, ssl_certfile: theirs.cert, ssl_keyfile: theirs.key }, 'certfile'],
  ];
  for (const [parameters, advice] of wrong) {
    const url = secure(parameters);
    for (const app of [
      createApp('broker', { broker: url }),
      createApp('backend', { broker: 'memory://', backend: url }),
    ]) {
      const failure = await app.sendTask('proj.add', [2, 2]).then(
        () => undefined,
        (error: unknown) => error,
      );
      // What the server has against our certificate may be lost on the way.
      expect(failure).toBeInstanceOf(advice === 'ca_certs' ? ImproperlyConfigured : TqError);
      expect(String(failure)).toContain(advice);
      await app.close();
    }
  }
});
