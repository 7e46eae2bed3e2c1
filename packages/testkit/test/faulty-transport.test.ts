import { BrokerUnavailableError, ClosedError, PublishError, silentLogger, systemClock } from '@tq/core';
import type { Channel, Connection, Delivery, Transport, TransportTraits } from '@tq/core';
import { FaultyTransport, message, textOf } from '@tq/testkit';

const traits: TransportTraits = {
  driver: 'stub',
  eventExchange: 'topic',
  redelivery: 'on-disconnect',
  priorities: 1,
  adjustablePrefetch: true,
  delays: false,
  shared: false,
};

const to = { exchange: '', routingKey: 'q' };
const options = { logger: silentLogger, clock: systemClock, options: {}, timeoutMs: 1000 };

/** A transport of one channel that hands to its consumer whatever is published. */
function stub() {
  const consumers: ((delivery: Delivery) => void)[] = [];
  const deliver = (text: string): void => {
    for (const onDelivery of consumers) onDelivery({ message: message(text) } as Delivery);
  };
  let closes = 0;
  const channel = {
    publish: async (sent: { readonly body: Uint8Array }) => deliver(Buffer.from(sent.body).toString()),
    consume: async (queue: string, onDelivery: (delivery: Delivery) => void) => {
      consumers.push(onDelivery);
      return { tag: 't', queue, cancel: async () => undefined };
    },
    close: async () => undefined,
  } as unknown as Channel;
  const inner: Transport = {
    traits,
    async connect() {
      let end!: (reason: Error | undefined) => void;
      const closed = new Promise<Error | undefined>((resolve) => {
        end = resolve;
      });
      const close = async (): Promise<void> => {
        closes += 1;
        end(undefined);
      };
      const connection: Connection = {
        traits,
        closed,
        openChannel: async () => channel,
        close,
        [Symbol.asyncDispose]: close,
      };
      return connection;
    },
  };
  return { inner, deliver, closes: () => closes };
}

async function opened() {
  const { inner, deliver, closes } = stub();
  const faulty = new FaultyTransport(inner);
  const connection = await faulty.connect(new URL('stub://'), options);
  const channel = await connection.openChannel();
  const heard: string[] = [];
  await channel.consume('q', (delivery) => void heard.push(textOf(delivery)));
  return { faulty, connection, channel, heard, deliver, closes };
}

describe('a transport with faults', () => {
  test('behaves as the one inside while there are none', async () => {
    const { faulty, connection, channel, heard, closes } = await opened();
    await channel.publish(message('a'), to);
    expect(heard).toEqual(['a']);
    expect([faulty.traits, faulty.attempts, faulty.connections]).toEqual([traits, 1, 1]);
    await connection.close();
    expect(await connection.closed).toBeUndefined();
    expect([faulty.connections, closes()]).toEqual([0, 1]);
  });

  test('refuses as many connections as it is told to', async () => {
    const faulty = new FaultyTransport(stub().inner);
    faulty.failConnects(2);
    for (let attempt = 0; attempt < 2; attempt++)
      await expect(faulty.connect(new URL('stub://'), options)).rejects.toBeInstanceOf(
        BrokerUnavailableError,
      );
    await faulty.connect(new URL('stub://'), options);
    expect(faulty.attempts).toBe(3);
  });

  test('loses its connections, and the broker learns of it', async () => {
    const { faulty, connection, channel, heard, deliver, closes } = await opened();
    await faulty.loseConnections();
    expect(await connection.closed).toBeInstanceOf(BrokerUnavailableError);
    expect([faulty.connections, closes()]).toEqual([0, 1]);
    await expect(channel.publish(message('a'), to)).rejects.toBeInstanceOf(BrokerUnavailableError);
    await expect(connection.openChannel()).rejects.toBeInstanceOf(BrokerUnavailableError);
    deliver('too late');
    expect(heard).toEqual([]);
  });

  test('fails what is published, and takes it again later', async () => {
    const { faulty, channel, heard } = await opened();
    faulty.publishing = 'fail';
    await expect(channel.publish(message('a'), to)).rejects.toBeInstanceOf(PublishError);
    faulty.publishing = 'pass';
    await channel.publish(message('b'), to);
    expect(heard).toEqual(['b']);
  });

  test.each([
    ['lost', BrokerUnavailableError],
    ['closed', ClosedError],
  ])('lets what is published hang until the connection is %s', async (how, error) => {
    const { faulty, connection, channel, heard } = await opened();
    faulty.publishing = 'hang';
    const publishing = channel.publish(message('a'), to);
    const outcome = publishing.catch((reason: unknown) => reason);
    expect(await Promise.race([outcome, Promise.resolve('still open')])).toBe('still open');
    await (how === 'lost' ? faulty.loseConnections() : connection.close());
    expect(await outcome).toBeInstanceOf(error);
    expect(heard).toEqual([]);
  });

  test('freezes deliveries, and hands them out in order when it thaws', async () => {
    const { faulty, channel, heard } = await opened();
    faulty.freeze();
    await channel.publish(message('a'), to);
    await channel.publish(message('b'), to);
    expect(heard).toEqual([]);
    faulty.thaw();
    await channel.publish(message('c'), to);
    expect(heard).toEqual(['a', 'b', 'c']);
  });
});
