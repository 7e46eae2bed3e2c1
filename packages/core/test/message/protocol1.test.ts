import { createApp, DecodeError, silentLogger } from '@tq/core';
import { isProtocol1, readRequest, upgradeProtocol1 } from '@tq/core/internal';
import { isTaskObject, protocol1Body } from '../../src/message/protocol1.ts';
import { FakeBroker } from '../support/fake-broker.ts';
import type { MessageVector } from '../support/vectors.ts';
import { vectorsOf } from '../support/vectors.ts';

const recorded = vectorsOf<MessageVector>('tasks-amqp')('protocol-1');
const body = recorded.body as Readonly<Record<string, unknown>>;

test('a message of an old sender is recognised by the task in its body', () => {
  expect(isProtocol1(body)).toBe(true);
  expect([null, 'task', [], ['task'], {}, { task: 5 }].map(isProtocol1)).toEqual(
    Array.from({ length: 6 }, () => false),
  );
});

test("becomes protocol 2's headers and body", () => {
  const { headers, body: upgraded } = upgradeProtocol1(body, { 'x-user': 1 });
  expect(headers).toEqual({
    'x-user': 1,
    task: 'proj.add',
    id: body['id'],
    group: null,
    group_index: null,
    retries: 0,
    eta: '2026-11-22T15:57:23.146858+00:00',
    expires: '2026-11-22T15:57:53.146858+00:00',
    timelimit: [9, null],
    argsrepr: '(1, 2)',
    kwargsrepr: '{}',
  });
  expect(upgraded).toEqual({
    args: [1, 2],
    kwargs: {},
    embed: { callbacks: body['callbacks'], errbacks: null, chain: null, chord: null },
  });
});

test('then reads like any other request', () => {
  const { headers } = upgradeProtocol1(body, {});
  const message = { body: Buffer.from(''), headers, properties: {} };
  const request = readRequest({
    message,
    queue: 'q',
    exchange: '',
    routingKey: 'q',
    redelivered: false,
    ack() {},
    reject() {},
  });
  expect(request).toMatchObject({ id: body['id'], task: 'proj.add', timeLimit: 9, softTimeLimit: null });
});

test('four fields are enough, and taskset is the old word for group', () => {
  const minimal = { task: 't', id: 'i', args: [1], kwargs: { a: 1 } };
  expect(upgradeProtocol1(minimal, {}).body).toEqual({ args: [1], kwargs: { a: 1 } });
  expect(upgradeProtocol1({ ...minimal, group: 'g', taskset: 's' }, {}).headers['group']).toBe('s');
});

test('without UTC, a time that names no zone is local', () => {
  const naive = { task: 't', id: 'i', eta: '2026-07-01T12:00:00', utc: false };
  expect(upgradeProtocol1(naive, {}).headers['eta']).toBe(new Date(2026, 6, 1, 12).toISOString());
  expect(upgradeProtocol1({ ...naive, utc: true }, {}).headers['eta']).toBe('2026-07-01T12:00:00');
  expect(upgradeProtocol1({ ...naive, eta: '2026-07-01T12:00:00+02:00' }, {}).headers['eta']).toBe(
    '2026-07-01T12:00:00+02:00',
  );
});

test('malformed parts are refused', () => {
  expect(() => upgradeProtocol1({ task: 't', id: 'i', args: 'abc' }, {})).toThrow(DecodeError);
  expect(() => upgradeProtocol1({ task: 't', id: 'i', callbacks: {} }, {})).toThrow('callbacks');
});

test('an object with arguments behind the headers of protocol 2 is a body too', () => {
  expect(isTaskObject({ args: [1], kwargs: {} })).toBe(true);
  expect([null, [[], {}, {}], {}, 'args'].map(isTaskObject)).toEqual([false, false, false, false]);
});

test('a call is written as old senders write it', async () => {
  const broker = new FakeBroker();
  const app = createApp('proj', {
    broker: { transport: broker.transport },
    backend: null,
    logger: silentLogger,
    conf: { taskProtocol: 1 },
  });
  await app.sendTask('proj.add', [1, 2], {
    taskId: body['id'] as string,
    eta: new Date('2026-11-22T15:57:23.146Z'),
    expires: new Date('2026-11-22T15:57:53.146Z'),
    timeLimit: 9,
    headers: { 'x-user': 1 },
  });
  const message = broker.published[0]?.message;
  const written = JSON.parse(Buffer.from(message!.body).toString()) as Readonly<Record<string, unknown>>;
  expect(Object.keys(written)).toEqual(Object.keys(body));
  expect(written).toEqual({
    ...body,
    callbacks: null,
    eta: '2026-11-22T15:57:23.146000+00:00',
    expires: '2026-11-22T15:57:53.146000+00:00',
  });
  expect(message!.headers).toEqual({ 'x-user': 1 });
  expect(message!.properties).toMatchObject({ correlationId: body['id'], contentType: 'application/json' });
  await app.close();
});

test('a chain has no place in it', () => {
  const chain = [{ task: 'proj.mul', args: [], kwargs: {}, options: {} }];
  const call = { embed: { chain } } as unknown as Parameters<typeof protocol1Body>[0];
  expect(() => protocol1Body(call)).toThrow('set taskProtocol to 2');
});
