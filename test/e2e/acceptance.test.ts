// Messages that other clients may send, as they were given to a Python worker: what it accepts is accepted, and what it
// loses, refuses or dies of ends in a defined place.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'amqplib';
import { Redis } from 'ioredis';
import { encodeJson } from '@tq/core/internal';
import { serviceUrl } from '@tq/testkit';
import type { App } from '@tq/core';
import { clientOf, until } from './support/client.ts';
import { Workplace } from './support/worker-process.ts';

interface Vector {
  readonly id: string;
  readonly description: string;
  readonly outcome: {
    readonly meta: { readonly status: string; readonly result: unknown; readonly task_id: string } | null;
  };
  readonly envelope?: Envelope;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

type Envelope = Readonly<Record<string, unknown>> & { readonly headers?: Readonly<Record<string, unknown>> };

function vectorsOf(transport: string): readonly Vector[] {
  const file = join(import.meta.dirname, `../wire/vectors/acceptance-${transport}.json`);
  const { vectors } = JSON.parse(readFileSync(file, 'utf8')) as { vectors: readonly Vector[] };
  return vectors;
}

interface Wire extends AsyncDisposable {
  /** Puts a vector into the queue as it was recorded. */
  put(vector: Vector): Promise<void>;
}

async function redisWire(url: string): Promise<Wire> {
  const redis = new Redis(url);
  return {
    put: async ({ envelope }) => void (await redis.lpush('celery', JSON.stringify(envelope))),
    [Symbol.asyncDispose]: async () => void (await redis.quit()),
  };
}

async function amqpWire(url: string): Promise<Wire> {
  const connection = await connect(url);
  const channel = await connection.createConfirmChannel();
  return {
    put: async ({ body, headers, properties = {} }) => {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      channel.publish('', 'celery', Buffer.from(text), {
        headers,
        contentType: properties['content_type'] as string,
        contentEncoding: properties['content_encoding'] as string,
        correlationId: properties['correlation_id'] as string,
        deliveryMode: 2,
      });
      await channel.waitForConfirms();
    },
    [Symbol.asyncDispose]: () => connection.close(),
  };
}

const BROKERS = [
  ['redis', () => new URL('/6', serviceUrl('redis')).href, redisWire],
  ['amqp', () => serviceUrl('amqp').href, amqpWire],
] as const;

describe.each(BROKERS)('on %s', (transport, urlOf, openWire) => {
  let place: Workplace;
  let app: App;
  let wire: Wire;

  beforeAll(async () => {
    place = new Workplace({ broker: urlOf(), backend: new URL('/7', serviceUrl('redis')).href });
    app = clientOf(place);
    wire = await openWire(urlOf());
  });
  afterAll(async () => {
    await wire[Symbol.asyncDispose]();
    await app.close();
    place[Symbol.dispose]();
  });

  test('what Python accepts is accepted, nothing is lost, and the worker lives on', async () => {
    const worker = await place.worker('-c', '1').ready();
    const channel = await app.producer().channel();
    const dead = async (): Promise<number> => (await channel.declareQueue({ name: 'tq.dead' })).messages;
    await channel.declareQueue({ name: 'tq.dead' });
    await channel.purgeQueue('tq.dead');
    for (const vector of vectorsOf(transport)) {
      const what = `${vector.id} (${vector.description})`;
      const before = await dead();
      // Whoever sends a chord tells its size; one vector is of a sender that did not.
      const { group } = (vector.envelope?.headers ?? vector.headers ?? {}) as { readonly group?: string };
      if (vector.id === 'chord-single')
        await (await app.resultBackend()).groups?.setChordSize(group as string, 1);
      await wire.put(vector);
      expect(await app.sendTask('proj.add', [2, 1]).get({ timeout: 10 })).toBe(3);
      const headers = vector.envelope?.headers ?? vector.headers ?? {};
      // Of a chain, the result that was recorded is the last one's; of protocol 1, the id stands in the body.
      const id = vector.outcome.meta?.task_id ?? headers['id'];
      const isQuiet = headers['ignore_result'];
      const state = async (): Promise<string> =>
        typeof id === 'string' && id !== '' ? await app.asyncResult(id).state() : 'PENDING';
      if (vector.outcome.meta?.status === 'SUCCESS') {
        await until(`${what}: SUCCESS`, async () => (await state()) === 'SUCCESS');
        const result = encodeJson(await app.asyncResult(id as string).result());
        expect([what, JSON.parse(result)]).toEqual([what, vector.outcome.meta.result]);
      } else if (isQuiet === true) {
        await worker.says(`proj.add[${String(id)}] succeeded`);
      } else {
        await until(
          `${what}: a defined end`,
          async () => (await state()) !== 'PENDING' || (await dead()) > before,
        );
      }
      expect([what, worker.child.exitCode]).toEqual([what, null]);
    }
    worker.child.kill('SIGTERM');
    expect(await worker.exited).toBe(0);
  }, 120_000);
});
