import { FakeClock } from '@tq/testkit';
import { ImproperlyConfigured } from '@tq/core';
import { connected, turn } from './support/connected.ts';

const LIFE_MS = 3000;
const expiring = { name: 'q', arguments: { 'x-expires': LIFE_MS } };
const ignore = (): void => undefined;

test('the store is told of a queue that expires for as long as it has consumers', async () => {
  const clock = new FakeClock();
  const { channel, store } = await connected({ clock });
  await channel.declareQueue(expiring);
  expect(store.lives.get('q')).toBe(LIFE_MS);
  const first = await channel.consume('q', ignore);
  const second = await channel.consume('q', ignore);
  await clock.advance(LIFE_MS);
  expect(store.used).toEqual(['q', 'q', 'q']);
  await first.cancel();
  await clock.advance(LIFE_MS / 3);
  expect(store.used).toHaveLength(4);
  await second.cancel();
  await clock.advance(LIFE_MS);
  expect(store.used).toHaveLength(4);
});

test('a consumer asks for the life of a queue that it didn’t declare', async () => {
  const clock = new FakeClock();
  const { channel, store } = await connected({ clock });
  store.lives.set('q', LIFE_MS);
  await channel.consume('q', ignore);
  await channel.consume('lasting', ignore);
  expect(store.used).toEqual(['q', 'lasting']);
  await clock.advance(LIFE_MS / 3);
  expect(store.used).toEqual(['q', 'lasting', 'q']);
});

test('a transient queue in the store expires as it says', async () => {
  const { channel, store } = await connected();
  await channel.declareQueue({ ...expiring, exclusive: true });
  await channel.consume('q', ignore);
  expect(store.lives.get('q')).toBe(LIFE_MS);
});

test('nothing is told any more when the channel or the connection is gone', async () => {
  const clock = new FakeClock();
  const { channel, connection, store } = await connected({ clock });
  await channel.declareQueue(expiring);
  await channel.consume('q', ignore);
  await channel.consume('q', ignore);
  await channel.close();
  await clock.advance(LIFE_MS);
  expect(store.used).toEqual([]);
  const other = await connection.openChannel();
  await other.consume('q', ignore);
  store.end(new Error('gone'));
  await turn();
  await clock.advance(LIFE_MS);
  expect(store.used).toEqual([]);
});

test('unused queues are looked for by those who consume, at once and then now and then', async () => {
  const clock = new FakeClock();
  const { channel, store } = await connected({ clock });
  await channel.declareQueue(expiring);
  expect(store.sweeps).toBe(0);
  await channel.consume('q', ignore);
  expect(store.sweeps).toBe(1);
  await clock.advance(36_000);
  expect(store.sweeps).toBeGreaterThan(1);
});

test.each([0, -1, '60', Number.NaN])('x-expires must be milliseconds, not %p', async (value) => {
  const { channel } = await connected();
  const spec = { name: 'q', arguments: { 'x-expires': value } };
  await expect(channel.declareQueue(spec)).rejects.toThrow(ImproperlyConfigured);
});
