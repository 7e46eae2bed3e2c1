import { createApp, silentLogger, systemClock } from '@tq/core';
import type { BackendSettings } from '@tq/core';
import { jsonResults, resultCodec } from '@tq/core/internal';
import { backend } from '../src/index.ts';
import { settingsOf } from '../src/settings.ts';

const given: BackendSettings = {
  tls: { ca: 'authority' },
  connectTimeoutMs: 2000,
  socketTimeoutMs: 3000,
  keepAlive: true,
  healthCheckMs: 4000,
  clientName: 'shop',
  username: 'me',
  password: 'pw',
};
const options = {
  logger: silentLogger,
  clock: systemClock,
  options: {},
  expiresMs: undefined,
  timeoutMs: 1000,
  codec: jsonResults(),
};

test("the app's settings reach the client", () => {
  const settings = settingsOf(new URL('redis://host'), { ...options, settings: given });
  expect(settings).toMatchObject({ socketTimeoutMs: 3000, healthCheckMs: 4000 });
  expect(settings.server).toMatchObject({
    tls: { ca: 'authority' },
    connectTimeout: 2000,
    keepAlive: 30_000,
    connectionName: 'shop',
    username: 'me',
    password: 'pw',
  });
});

test('what the URL and the transport options say is more particular', () => {
  const settings = settingsOf(new URL('redis://you:theirs@host?socket_timeout=9s'), {
    ...options,
    options: { health_check_interval: 8 },
    settings: given,
  });
  expect(settings).toMatchObject({ socketTimeoutMs: 9000, healthCheckMs: 8000 });
  expect(settings.server).toMatchObject({ username: 'you', password: 'theirs' });
});

test('a compression that nobody knows is refused before anything is opened', async () => {
  const app = createApp('t', { conf: { resultCompression: 'gzap' } });
  const codec = resultCodec(app.config, app.serializers);
  await expect(backend.connect(new URL('redis://127.0.0.1:1'), { ...options, codec })).rejects.toThrow(
    'Compression "gzap" is unknown',
  );
});
