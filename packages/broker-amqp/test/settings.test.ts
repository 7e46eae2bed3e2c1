import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { readSettings } from '../src/settings.ts';

const read = (url: string, options: Readonly<Record<string, unknown>> = {}) =>
  readSettings(new URL(url), options);

describe('a broker URL', () => {
  test('may leave everything out', () => {
    expect(read('amqp://')).toMatchObject({
      host: 'localhost',
      port: 5672,
      vhost: '/',
      user: 'guest',
      password: 'guest',
      loginMethod: 'PLAIN',
      heartbeat: 120,
      tls: undefined,
      confirms: true,
    });
  });

  test('is read as Celery reads it', () => {
    expect(read('pyamqp://us%40er:p%2Fw@[::1]:1234/my%2Fhost')).toMatchObject({
      host: '::1',
      port: 1234,
      vhost: 'my/host',
      user: 'us@er',
      password: 'p/w',
    });
    expect(read('amqp://h//').vhost).toBe('/');
    expect(read('amqp://h/%2F').vhost).toBe('/');
    expect(read('amqps://h')).toMatchObject({ port: 5671, tls: {} });
  });

  test('wins over options with its query', () => {
    const options = { heartbeat: 60, login_method: 'external', connection_timeout: '2s' };
    expect(read('amqp://h?heartbeat=7.5', options)).toMatchObject({
      heartbeat: 8,
      loginMethod: 'EXTERNAL',
      connectTimeoutMs: 2000,
    });
  });

  test('with a stray % says so without showing the password', () => {
    expect(() => read('amqp://u:p%zz@h')).toThrow(/password has a %.*%25/);
    expect(() => read('amqp://u:p%zz@h')).not.toThrow('p%zz');
  });

  test('is shown without its password', () => {
    expect(read('amqp://u:secret@h/v').shown).toBe('amqp://u:**@h/v');
  });
});

describe('options', () => {
  test('of TLS are Node’s, or Celery’s with files', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tq-tls-'));
    try {
      writeFileSync(join(folder, 'ca.pem'), 'CA');
      const tls = read('amqp://h', {
        ssl: { ca_certs: join(folder, 'ca.pem'), cert_reqs: 0, servername: 'rabbit' },
      });
      expect(tls.port).toBe(5671);
      expect(tls.tls).toEqual({ ca: Buffer.from('CA'), rejectUnauthorized: false, servername: 'rabbit' });
      expect(() => read('amqp://h', { ssl: { keyfile: join(folder, 'none') } })).toThrow("can't be read");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('name the client, with the host', () => {
    const { clientProperties } = read('amqp://h', { client_properties: { team: 'a' } });
    expect(clientProperties).toMatchObject({ product: 'tq', hostname: hostname(), team: 'a' });
    expect(clientProperties['connection_name']).toBe(`tq@${hostname()}:${process.pid}`);
  });

  test('with an unknown login method are refused', () => {
    expect(() => read('amqp://h', { loginMethod: 'GSSAPI' })).toThrow('"GSSAPI" is unknown');
  });
});
