import { describe, expect, test } from '@jest/globals';
import type { Envelope, QueueStore } from '@tq/virtual';
import { eventually } from '../eventually.ts';
import { message, numbered, richMessage, textOf } from '../fixtures.ts';
import type { StoreBench } from '../store-contract.ts';

export function storeBroadcast(bench: StoreBench): void {
  describe('broadcasts', () => {
    const send = (
      store: QueueStore,
      exchange: string,
      routingKey: string,
      text: string,
    ): Promise<number | undefined> =>
      store.broadcast(exchange, routingKey, { message: message(text), exchange, routingKey });

    /** Listens, and hands out what has been heard. */
    async function hear(store: QueueStore, exchange: string, pattern = '#') {
      const heard: Envelope[] = [];
      const listening = await store.listen(exchange, pattern, (envelope) => void heard.push(envelope));
      return { heard, texts: () => heard.map((envelope) => textOf(envelope)), listening };
    }

    /** Waits until a last word has come through, so that what isn't there by then won't come. */
    async function texts(
      ear: { texts(): string[] },
      sender: QueueStore,
      exchange: string,
      key: string,
    ): Promise<string[]> {
      await send(sender, exchange, key, 'end');
      await eventually(() => ear.texts().includes('end'), { what: 'the last broadcast' });
      return ear.texts().filter((text) => text !== 'end');
    }

    test('a broadcast reaches every listener, in its own connection and in others', async () => {
      const [store, other] = [await bench.open(), await bench.open()];
      const exchange = bench.name('exchange');
      const ears = [await hear(store, exchange), await hear(other, exchange), await hear(other, exchange)];
      await send(store, exchange, '', 'to all');
      for (const ear of ears) expect(await texts(ear, store, exchange, '')).toContain('to all');
    });

    test('the envelope arrives whole', async () => {
      const [store, other] = [await bench.open(), await bench.open()];
      const exchange = bench.name('exchange');
      const { heard } = await hear(other, exchange);
      await store.broadcast(exchange, 'a.b', { message: richMessage, exchange, routingKey: 'a.b' });
      const envelope = await eventually(() => heard[0], { what: 'the broadcast' });
      expect([...envelope.message.body]).toEqual([...richMessage.body]);
      expect(envelope.message.headers).toEqual(richMessage.headers);
      expect(envelope.message.properties).toEqual(richMessage.properties);
      expect(envelope).toMatchObject({ exchange, routingKey: 'a.b' });
    });

    test('broadcasts of one sender arrive in order, each once', async () => {
      const [store, other] = [await bench.open(), await bench.open()];
      const exchange = bench.name('exchange');
      const ear = await hear(other, exchange);
      await Promise.all(numbered(200).map((text) => send(store, exchange, 'k', text)));
      expect(await texts(ear, store, exchange, 'k')).toEqual(numbered(200));
    });

    test('a listener hears what its pattern fits', async () => {
      const [store, other] = [await bench.open(), await bench.open()];
      const exchange = bench.name('exchange');
      const workers = await hear(other, exchange, 'worker.*');
      const everything = await hear(other, exchange, '#');
      for (const key of ['worker.online', 'task.sent', 'worker.heartbeat'])
        await send(store, exchange, key, key);
      expect(await texts(workers, store, exchange, 'worker.end')).toEqual([
        'worker.online',
        'worker.heartbeat',
      ]);
      expect(await texts(everything, store, exchange, 'k')).toEqual([
        'worker.online',
        'task.sent',
        'worker.heartbeat',
      ]);
    });

    test('a listener hears nothing of other exchanges', async () => {
      const [store, other] = [await bench.open(), await bench.open()];
      const [mine, theirs] = [bench.name('exchange'), bench.name('exchange')];
      const ear = await hear(other, mine);
      await send(store, theirs, '', 'not for you');
      expect(await texts(ear, store, mine, '')).toEqual([]);
    });

    test('nothing is kept for listeners that come later', async () => {
      const [store, other] = [await bench.open(), await bench.open()];
      const exchange = bench.name('exchange');
      const early = await hear(other, exchange);
      await send(store, exchange, '', 'before');
      await eventually(() => early.texts().includes('before'), { what: 'the early listener' });
      const late = await hear(other, exchange);
      expect(await texts(late, store, exchange, '')).toEqual([]);
    });

    test('a listener that has stopped hears no more, and the others still do', async () => {
      const [store, other] = [await bench.open(), await bench.open()];
      const exchange = bench.name('exchange');
      const stopped = await hear(other, exchange);
      const going = await hear(other, exchange);
      await stopped.listening[Symbol.asyncDispose]();
      await stopped.listening[Symbol.asyncDispose]();
      await send(store, exchange, '', 'after');
      expect(await texts(going, store, exchange, '')).toEqual(['after']);
      expect(stopped.texts()).toEqual([]);
    });

    test('a broadcast with nobody listening is no error', async () => {
      const store = await bench.open();
      expect((await send(store, bench.name('exchange'), 'k', 'anybody?')) ?? 0).toBe(0);
    });

    test('whether anybody listened is known, or said to be unknown', async () => {
      const [store, other] = [await bench.open(), await bench.open()];
      const exchange = bench.name('exchange');
      await hear(other, exchange);
      expect((await send(store, exchange, 'k', 'anybody?')) ?? 1).toBeGreaterThan(0);
    });
  });
}
