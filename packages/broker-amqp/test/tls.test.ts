import { systemClock, ImproperlyConfigured } from '@tq/core';
import type { Connection } from '@tq/core';
import { memoryLogger, startRabbitmq, TestAuthority } from '@tq/testkit';
import type { IssuedFiles, TestServer } from '@tq/testkit';
import { amqp } from '../src/transport.ts';

const PLUGIN = 'rabbitmq_auth_mechanism_ssl';
const CONFIG = [
  'auth_mechanisms.1 = EXTERNAL',
  'auth_mechanisms.2 = PLAIN',
  'auth_mechanisms.3 = AMQPLAIN',
  'ssl_cert_login_from = common_name',
];

let authority: TestAuthority;
let stranger: TestAuthority;
let server: TestServer;
let client: IssuedFiles;
const opened: Connection[] = [];

beforeAll(async () => {
  authority = new TestAuthority();
  stranger = new TestAuthority('somebody else');
  client = authority.issue('shop');
  server = await startRabbitmq({ tls: authority.issue('broker'), plugins: [PLUGIN], config: CONFIG });
  await server.control('add_user', 'shop', 'not used');
  await server.control('set_permissions', 'shop', '.*', '.*', '.*');
}, 90_000);
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});
afterAll(async () => {
  await server?.end();
  for (const each of [authority, stranger]) each?.[Symbol.dispose]();
}, 30_000);

async function connect(
  place: string,
  ssl?: Readonly<Record<string, unknown>>,
  more: Readonly<Record<string, unknown>> = {},
): Promise<Connection> {
  const connection = await amqp.connect(new URL(place), {
    logger: memoryLogger(),
    clock: systemClock,
    options: { ...more, ...(ssl && { ssl }) },
    timeoutMs: 10_000,
  });
  opened.push(connection);
  return connection;
}

async function works(connection: Connection): Promise<void> {
  const channel = await connection.openChannel();
  const { name } = await channel.declareQueue({ name: '', exclusive: true });
  expect(name).not.toBe('');
}

const at = (host: string, user = 'guest:guest@'): string => `amqps://${user}${host}:${server.tlsPort}`;

test('amqps:// talks to a broker whose authority it was told of', async () => {
  await works(await connect(at('127.0.0.1'), { ca_certs: authority.ca }));
  await works(await connect(at('localhost'), { ca_certs: authority.ca }));
  await works(await connect(`${at('localhost')}?ssl_ca_certs=${encodeURIComponent(authority.ca)}`));
});

test.each([
  ['nobody known vouches for', {}, /ca_certs/],
  ['another authority vouches for', 'stranger', /ca_certs/],
] as const)('a certificate that %s is refused, with what to do', async (_, given, advice) => {
  const failure = connect(at('127.0.0.1'), given === 'stranger' ? { ca_certs: stranger.ca } : given);
  await expect(failure).rejects.toBeInstanceOf(ImproperlyConfigured);
  await expect(failure).rejects.toThrow(advice);
  await expect(failure).rejects.not.toThrow('guest:guest');
});

test('a certificate for another name is refused, unless the name is given or not asked for', async () => {
  const ssl = { ca_certs: authority.ca };
  const failure = connect(at('127.0.0.1'), { ...ssl, servername: 'rabbit.example' });
  await expect(failure).rejects.toBeInstanceOf(ImproperlyConfigured);
  await expect(failure).rejects.toThrow('for another name');
  await works(
    await connect(at('127.0.0.1'), { ...ssl, servername: 'rabbit.example', check_hostname: false }),
  );
});

test('who asks for no certificate gets none checked', async () => {
  await works(await connect(at('127.0.0.1'), { cert_reqs: 'none' }));
});

test('a port without TLS is named as such', async () => {
  const failure = connect(`amqps://127.0.0.1:${server.port}`, { ca_certs: authority.ca });
  await expect(failure).rejects.toThrow(/no TLS|hangs up/);
});

test('EXTERNAL logs in with the name in the client’s certificate', async () => {
  const ssl = { ca_certs: client.ca, certfile: client.cert, keyfile: client.key };
  const queue = 'of-the-shop';
  const connection = await connect(at('127.0.0.1', ''), ssl, { login_method: 'EXTERNAL' });
  await works(connection);
  await (await connection.openChannel()).declareQueue({ name: queue });
  const users = (await server.control('list_connections', 'user', 'auth_mechanism')).split('\n');
  expect(users).toContain('shop\tEXTERNAL');
});

test('AMQPLAIN logs in with user and password', async () => {
  await works(await connect(at('127.0.0.1'), { ca_certs: authority.ca }, { login_method: 'AMQPLAIN' }));
  const users = await server.control('list_connections', 'user', 'auth_mechanism');
  expect(users.split('\n')).toContain('guest\tAMQPLAIN');
});

test('EXTERNAL without a certificate, or with that of somebody else, is refused', async () => {
  const bare = connect(at('127.0.0.1', ''), { ca_certs: authority.ca }, { login_method: 'EXTERNAL' });
  await expect(bare).rejects.toBeInstanceOf(ImproperlyConfigured);
  await expect(bare).rejects.toThrow(/certfile and keyfile/);
  const theirs = stranger.issue('shop');
  const ssl = { ca_certs: authority.ca, certfile: theirs.cert, keyfile: theirs.key };
  const failure = connect(at('127.0.0.1', ''), ssl, { login_method: 'EXTERNAL' });
  await expect(failure).rejects.toThrow(/certfile|hangs up/);
});
