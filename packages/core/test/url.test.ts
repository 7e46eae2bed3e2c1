import { inspect } from 'node:util';
import { maskUrl, parseUrl } from '@tq/core/internal';

test.each([
  ['amqp://me:s3cret@host:5672/vhost', 'amqp://me:**@host:5672/vhost'],
  ['redis://:s3cret@host/0', 'redis://:**@host/0'],
  ['amqp://me:s3c/r?e#t@host//', 'amqp://me:**@host//'],
  ['amqp://me:s3@cret:x@host', 'amqp://me:**@host'],
  ['amqp://me:s3\'cr"et@host', 'amqp://me:**@host'],
  ['amqp://a:s3cret@h1;amqp://b:s3cret@h2', 'amqp://a:**@h1;amqp://b:**@h2'],
  [
    'connecting to amqp://me:s3cret@host failed for me@host',
    'connecting to amqp://me:**@host failed for me@host',
  ],
  ['redis://host/0?password=s3cret&db=1', 'redis://host/0?password=**&db=1'],
  ['sentinel://host?master=m&sentinel_password=s3cret', 'sentinel://host?master=m&sentinel_password=**'],
  ['rediss://host?ssl_certfile=a&auth_token=s3cret', 'rediss://host?ssl_certfile=a&auth_token=**'],
  ['sqlite:///data/queue.db', 'sqlite:///data/queue.db'],
  ['amqp://guest@host', 'amqp://guest@host'],
  ['amqp://host:5672', 'amqp://host:5672'],
])('%s is shown as %s', (url, shown) => {
  expect(maskUrl(url)).toBe(shown);
});

test('a bare scheme is a URL', () => {
  expect(parseUrl('sqlite', 'broker').protocol).toBe('sqlite:');
  expect(parseUrl('amqp://guest:guest@localhost:5672//', 'broker').hostname).toBe('localhost');
  expect(parseUrl('redis+socket:///run/redis.sock', 'broker').pathname).toBe('/run/redis.sock');
});

test('a text that is no URL is refused without showing its password, not even in the cause', () => {
  let thrown: unknown;
  try {
    parseUrl('amqp://me:s3/cret@host', 'broker');
  } catch (error) {
    thrown = error;
  }
  expect((thrown as Error).message).toBe(
    '"amqp://me:**@host" is not a URL for a broker. Write special characters of user and password as %XX.',
  );
  expect(inspect(thrown, { depth: 9, showHidden: true })).not.toContain('cret');
});
