import type { Delivery, MessageProperties } from '@tq/core';
import { readRequest } from '@tq/core/internal';
import type { Held } from '../src/consume/held.ts';
import { packPayload, unpackPayload } from '../src/execute/payload.ts';
import type { Payload } from '../src/execute/payload.ts';

const ID = '6b5a3c1e-0000-4000-8000-000000000001';
const USUAL: MessageProperties = {
  contentType: 'application/json',
  contentEncoding: 'utf-8',
  deliveryMode: 2,
  priority: 0,
  correlationId: ID,
  replyTo: 'me',
};

interface Given {
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly properties?: MessageProperties;
  readonly body?: Uint8Array;
  readonly delivery?: Partial<Delivery>;
}

function heldWith({
  headers,
  properties = USUAL,
  body = Buffer.from('[[1], {}, {}]'),
  delivery,
}: Given): Held {
  const all = { task: 't', id: ID, lang: 'js', argsrepr: '(1,)', kwargsrepr: '{}', origin: 'o', ...headers };
  const message = { body, headers: all, properties };
  const place = { queue: 'q', exchange: '', routingKey: 'q', redelivered: false, deliveries: 1 };
  const whole = { ...place, message, ack() {}, reject() {}, ...delivery } satisfies Delivery;
  return { request: readRequest(whole), delivery: whole } as unknown as Held;
}

function through(held: Held, wantRepr = false): ReturnType<typeof unpackPayload> {
  return unpackPayload(JSON.parse(JSON.stringify(packPayload(held, wantRepr))) as Payload, 'w@host');
}

const cases: Readonly<Record<string, Given>> = {
  usual: {},
  'from Python': { headers: { lang: 'py', ignore_result: false, stamps: {}, stamped_headers: null } },
  'with every header': {
    headers: {
      shadow: 'alias',
      root_id: 'root',
      parent_id: 'parent',
      group: 'g',
      group_index: 3,
      retries: 2,
      eta: '2026-01-01T00:00:00+00:00',
      expires: '2027-01-01T00:00:00+00:00',
      timelimit: [10, 5],
      ignore_result: true,
      replaced_task_nesting: 1,
      stamped_headers: ['a'],
      stamps: { a: 1 },
      mine: { deep: [1] },
    },
  },
  'without language or origin': { headers: { lang: null, origin: null } },
  'without a priority': {
    properties: {
      contentType: 'application/json',
      contentEncoding: 'utf-8',
      deliveryMode: 2,
      correlationId: ID,
    },
  },
  'with odd properties': { properties: { ...USUAL, deliveryMode: 1, appId: 'mine', correlationId: 'other' } },
  'of another type': {
    properties: { ...USUAL, contentType: 'application/x-yaml', contentEncoding: 'binary' },
    body: new Uint8Array([0, 255, 1]),
  },
  compressed: { headers: { compression: 'application/x-gzip' }, body: new Uint8Array([1, 2]) },
  'redelivered through an exchange': {
    delivery: { redelivered: true, deliveries: 3, exchange: 'ex', routingKey: 'a.b' },
  },
};

describe('a payload', () => {
  test.each(Object.entries(cases))('brings a message to a child as it is: %s', (_, given) => {
    const held = heldWith(given);
    const { message } = held.delivery;
    const input = through(held);
    expect(input.request).toEqual(held.request);
    expect([...input.body]).toEqual([...message.body]);
    expect(input.properties).toEqual(message.properties);
    expect(input.contentType).toBe(message.properties.contentType);
    expect(input.contentEncoding).toBe(message.properties.contentEncoding);
    expect(input.compression).toBe(message.headers['compression']);
  });

  test('a message without a correlation id has its own id for one', () => {
    const { request } = through(heldWith({ properties: { contentType: 'application/json' } }));
    expect(request.correlationId).toBe(ID);
  });

  test('the usual message takes no more than its texts and a little', () => {
    const held = heldWith({});
    expect(packPayload(held, false).at(-1)).toBeNull();
    expect(packPayload(held, true).at(-1)).toEqual({ wantRepr: true });
    expect(JSON.stringify(packPayload(held, false)).length).toBeLessThan(160);
  });
});
