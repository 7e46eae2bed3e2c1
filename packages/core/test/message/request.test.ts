import { DecodeError } from '@tq/core';
import type { Delivery } from '@tq/core';
import { DELIVERIES_HEADER, readBody, readRequest } from '@tq/core/internal';
import type { MessageVector } from '../support/vectors.ts';
import { vectorsOf } from '../support/vectors.ts';

const recorded = vectorsOf<MessageVector>('tasks-amqp');

function delivery(headers: Record<string, unknown>, more: Partial<Delivery> = {}, properties = {}): Delivery {
  return {
    message: { body: Buffer.from(''), headers, properties },
    queue: 'celery',
    exchange: '',
    routingKey: 'celery',
    redelivered: false,
    ack() {},
    reject() {},
    ...more,
  };
}
const read = (headers: Record<string, unknown>): ReturnType<typeof readRequest> =>
  readRequest(delivery({ task: 't', id: 'i', ...headers }));

test('everything that Celery sends is read', () => {
  const { headers } = recorded('countdown-expires');
  expect(
    readRequest(
      delivery({ ...headers }, { redelivered: true }, { priority: 5, correlationId: 'c', replyTo: 'r' }),
    ),
  ).toEqual({
    id: headers['id'],
    task: 'proj.add',
    shadow: null,
    rootId: headers['root_id'],
    parentId: null,
    group: null,
    groupIndex: null,
    retries: 0,
    etaMs: Date.UTC(2026, 10, 22, 15, 56, 43, 859) + 0.838,
    expiresMs: Date.UTC(2026, 10, 22, 15, 56, 52, 609) + 0.838,
    timeLimit: null,
    softTimeLimit: null,
    argsrepr: '(1, 2)',
    kwargsrepr: '{}',
    origin: 'gen28513@client.example',
    lang: 'py',
    ignoreResult: false,
    replacedTaskNesting: 0,
    stampedHeaders: null,
    stamps: {},
    headers: {},
    deliveries: 1,
    deliveryInfo: { exchange: '', routingKey: 'celery', priority: 5, redelivered: true },
    replyTo: 'r',
    correlationId: 'c',
    priority: 5,
  });
});

test('limits, ids, stamps and headers of the user are found', () => {
  expect(read({ ...recorded('timelimits').headers })).toMatchObject({ timeLimit: 60, softTimeLimit: 30 });
  expect(read({ ...recorded('ids').headers })).toMatchObject({
    rootId: 'the-root',
    parentId: 'the-parent',
    group: 'the-group',
    groupIndex: 3,
  });
  expect(read({ ...recorded('stamped').headers })).toMatchObject({
    stampedHeaders: ['tenant', 'batch'],
    stamps: { tenant: 'acme' },
  });
  expect(read({ ...recorded('custom-headers').headers }).headers).toEqual({
    'x-tenant': 'acme',
    trace: { id: 'abc', n: 7 },
  });
});

test('task and id are enough', () => {
  expect(read({})).toMatchObject({
    rootId: 'i',
    retries: 0,
    ignoreResult: null,
    argsrepr: '',
    timeLimit: null,
  });
});

test('empty texts mean none', () => {
  expect(read({ root_id: '', parent_id: '', group: '', shadow: '' })).toMatchObject({
    rootId: 'i',
    parentId: null,
    group: null,
    shadow: null,
  });
  expect(readRequest(delivery({ task: 't', id: 'i' }, {}, { replyTo: '' })).replyTo).toBeUndefined();
});

test('deliveries are counted by the broker and by the header of the give-back', () => {
  expect(readRequest(delivery({ task: 't', id: 'i', [DELIVERIES_HEADER]: 2 })).deliveries).toBe(3);
  expect(readRequest(delivery({ task: 't', id: 'i' }, { deliveries: 4 })).deliveries).toBe(4);
  expect(read({ [DELIVERIES_HEADER]: 'many' }).deliveries).toBe(1);
  expect(read({ [DELIVERIES_HEADER]: -7 }).headers).toEqual({});
});

test.each([
  ['id', { id: undefined }, 'The header id must be a text, not missing.'],
  ['id', { id: '' }, "The header id must be a text, not ''."],
  ['task', { task: 7 }, 'The header task must be a text, not 7.'],
  ['root_id', { root_id: 5n }, 'The header root_id must be a text or null, not 5.'],
  ['parent_id', { parent_id: ['x'] }, "The header parent_id must be a text or null, not ['x']."],
  ['retries', { retries: -1 }, 'The header retries must be a whole number or null, not -1.'],
  ['retries', { retries: '1' }, 'must be a whole number'],
  ['group_index', { group_index: 1.5 }, 'must be a whole number'],
  ['eta', { eta: '' }, "The header eta must be an ISO 8601 time or null, not ''."],
  ['eta', { eta: 1_700_000_000 }, 'must be an ISO 8601 time'],
  ['expires', { expires: 'soon' }, 'must be an ISO 8601 time'],
  ['timelimit', { timelimit: [1] }, 'The header timelimit must be [hard, soft] in seconds, not [1].'],
  ['timelimit', { timelimit: [-1, null] }, 'timelimit'],
  ['timelimit', { timelimit: 5 }, 'timelimit'],
  ['ignore_result', { ignore_result: 'yes' }, 'must be true, false or null'],
])('a malformed header is named: %s', (_name, headers, message) => {
  expect(() => read(headers)).toThrow(DecodeError);
  expect(() => read(headers)).toThrow(message);
});

test('a huge wrong value does not flood the message', () => {
  expect(() => read({ eta: 'x'.repeat(10_000) })).toThrow(/^.{0,200}$/);
});

test('what is only shown may be anything', () => {
  expect(
    read({
      argsrepr: 5,
      kwargsrepr: null,
      origin: {},
      lang: 7,
      shadow: [],
      stamped_headers: ['a', 5],
      stamps: 'x',
    }),
  ).toMatchObject({
    argsrepr: '',
    kwargsrepr: '',
    origin: null,
    lang: null,
    shadow: null,
    stampedHeaders: ['a'],
    stamps: {},
  });
});

test('headers called after parts of JavaScript are kept as headers', () => {
  const headers = JSON.parse('{"__proto__": {"polluted": 1}, "constructor": "c"}') as Record<string, unknown>;
  Object.defineProperty(headers, 'task', { value: 't', enumerable: true });
  Object.defineProperty(headers, 'id', { value: 'i', enumerable: true });
  const found = readRequest(delivery(headers)).headers;
  expect(Object.keys(found)).toEqual(['__proto__', 'constructor']);
  expect(Object.getPrototypeOf(found)).toBe(Object.prototype);
});

describe('the body', () => {
  test('is [args, kwargs, embed]; an empty embed is none', () => {
    expect(readBody([[1], { a: 1 }, null])).toEqual({ args: [1], kwargs: { a: 1 } });
    expect(readBody(recorded('delay').body)).toEqual({ args: [2, 3], kwargs: {} });
    expect(readBody(recorded('link').body)).toMatchObject({
      embed: { callbacks: [{ task: 'proj.mul' }], errbacks: [{ task: 'proj.errback' }] },
    });
  });

  test.each([
    [null, 'The body is not [args, kwargs, embed].'],
    [[[], {}], 'The body is not [args, kwargs, embed].'],
    [[null, {}, {}], 'The positional arguments are not a list.'],
    [[[], null, {}], 'The keyword arguments are not an object.'],
    [[[], [], {}], 'The keyword arguments are not an object.'],
    [[[], {}, []], 'The third part of the body is not an object.'],
    [[[], {}, { callbacks: { task: 't' } }], 'The callbacks in the body are not a list of signatures.'],
    [[[], {}, { errbacks: [{}] }], 'The errbacks in the body are not a list of signatures.'],
    [
      [[], {}, { chain: [{ task: 't', args: 'abc' }] }],
      'The chain in the body are not a list of signatures.',
    ],
    [[[], {}, { chord: { task: 't', options: [] } }], 'The chord in the body is not a signature.'],
  ])('%j is told what is wrong with it', (body, message) => {
    expect(readBody(body)).toBe(message);
  });
});
