import { BrokerUnavailableError, ImproperlyConfigured, silentLogger, systemClock } from '@tq/core';
import { FakeClock, eventually } from '@tq/testkit';
import { virtualTransport } from '@tq/virtual';
import { traits } from './support/connected.ts';
import { RecordingStore } from './support/recording-store.ts';

const url = new URL('recording://user:secret@host/path');
const options = { logger: silentLogger, clock: systemClock, options: {}, timeoutMs: 1000 };

describe('connecting', () => {
  test('a store that can’t be opened is a broker that can’t be reached, without its password', async () => {
    const transport = virtualTransport(traits, () => Promise.reject(new Error('no such file')));
    const error = await transport.connect(url, options).catch((reason: unknown) => reason as Error);
    expect(error).toBeInstanceOf(BrokerUnavailableError);
    expect((error as Error).message).toContain('recording://host/path: no such file');
    expect((error as Error).message).not.toContain('secret');
  });

  test('an error of ours is passed on as it is', async () => {
    const transport = virtualTransport(traits, () => Promise.reject(new ImproperlyConfigured('bad option')));
    await expect(transport.connect(url, options)).rejects.toBeInstanceOf(ImproperlyConfigured);
  });

  test.each(['too late', 'given up'])('a store that opens when it is %s is closed again', async (how) => {
    const clock = new FakeClock();
    const store = new RecordingStore();
    let open!: (store: RecordingStore) => void;
    const transport = virtualTransport(
      traits,
      () =>
        new Promise((resolve) => {
          open = resolve;
        }),
    );
    const stop = new AbortController();
    const connecting = transport.connect(url, { ...options, clock, signal: stop.signal });
    if (how === 'given up') stop.abort();
    else void clock.advance(1000);
    await expect(connecting).rejects.toBeInstanceOf(BrokerUnavailableError);
    open(store);
    await eventually(() => store.disposed === 1, { what: 'the store to be closed' });
    expect(clock.waiting).toBe(0);
  });
});
