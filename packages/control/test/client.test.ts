// Questions and answers over a broker in memory, with nodes that answer as they are told.
import { createApp } from '@tq/core';
import type { App, Connection } from '@tq/core';
import { memory } from '@tq/memory';
import { eventually, FaultyTransport, memoryLogger, uniqueName } from '@tq/testkit';
import { ControlNode, NO_ANSWER, UnknownCommand } from '../src/index.ts';

let app: App;
let transport: FaultyTransport;
let opened: { readonly node: ControlNode; readonly connection: Connection }[];

beforeEach(() => {
  transport = new FaultyTransport(memory);
  opened = [];
  app = createApp('asking', {
    broker: { transport, url: `memory://${uniqueName('control')}` },
    logger: memoryLogger(),
  });
});
afterEach(async () => {
  for (const { node, connection } of opened) {
    await node.stop();
    await connection.close();
  }
  await app.close();
});

type Handle = (method: string, args: Readonly<Record<string, unknown>>) => unknown;

async function nodeNamed(
  hostname: string,
  handle: Handle = () => ({ ok: 'pong' }),
  neighbours?: readonly string[],
): Promise<void> {
  const connection = await app.connect();
  const node = new ControlNode({
    app,
    connection,
    hostname,
    logger: app.logger,
    handle,
    ...(neighbours ? { neighbours: () => neighbours } : {}),
  });
  await node.start();
  opened.push({ node, connection });
}

async function timed<T>(work: () => Promise<T>): Promise<readonly [result: T, ms: number]> {
  const startMs = performance.now();
  return [await work(), performance.now() - startMs];
}

test('everybody answers, and nobody is waited for who is not known', async () => {
  await Promise.all([nodeNamed('a@x'), nodeNamed('b@x')]);
  const [replies, ms] = await timed(() => app.control.ping({ timeout: 0.5 }));
  expect(replies).toEqual({ 'a@x': { ok: 'pong' }, 'b@x': { ok: 'pong' } });
  expect(ms).toBeGreaterThan(450);
});

test('listening ends early when all have answered: named by the caller, or known to those who answer', async () => {
  const known = ['a@x', 'b@x'];
  await Promise.all([nodeNamed('a@x', undefined, known), nodeNamed('b@x', undefined, known)]);
  const [told, toldMs] = await timed(() => app.control.ask('ping', {}, { timeout: 20 }));
  expect(told.silent).toEqual([]);
  expect(Object.keys(told.replies)).toHaveLength(2);
  expect(toldMs).toBeLessThan(5000);
  const [, namedMs] = await timed(() => app.control.ask('ping', {}, { timeout: 20, expect: known }));
  expect(namedMs).toBeLessThan(5000);
  const [, addressedMs] = await timed(() => app.control.ping({ timeout: 20, destination: 'a@x, b@x' }));
  expect(addressedMs).toBeLessThan(5000);
  const [few, fewMs] = await timed(() => app.control.ping({ timeout: 20, limit: 1 }));
  expect(Object.keys(few)).toHaveLength(1);
  expect(fewMs).toBeLessThan(5000);
});

test('those that are known and silent are named', async () => {
  await nodeNamed('a@x', undefined, ['gone@x']);
  await nodeNamed('mute@x', () => NO_ANSWER);
  const { replies, silent } = await app.control.ask('ping', {}, { timeout: 0.3, expect: ['mute@x'] });
  expect(Object.keys(replies)).toEqual(['a@x']);
  expect(silent).toEqual(['gone@x', 'mute@x']);
});

test('questions asked at one time get their own answers', async () => {
  await nodeNamed('a@x', (_, { n }) => ({ n }));
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, n) => app.control.ask('echo', { n }, { destination: 'a@x', timeout: 10 })),
  );
  expect(answers.map(({ replies }) => replies['a@x'])).toEqual(Array.from({ length: 50 }, (_, n) => ({ n })));
});

test('what a command throws is its answer, and an unknown one says so as Celery does', async () => {
  await nodeNamed('a@x', (method) => {
    if (method !== 'fail') throw new UnknownCommand(method);
    throw new RangeError('7 of 6');
  });
  const answer = async (method: string): Promise<unknown> =>
    (await app.control.ask(method, {}, { destination: 'a@x' })).replies['a@x'];
  expect(await answer('fail')).toEqual({ error: "RangeError('7 of 6')" });
  expect(await answer('nothing')).toEqual({ error: "KeyError('nothing')" });
});

test('an answer that takes long keeps nobody from asking the node', async () => {
  let release = (): void => undefined;
  await nodeNamed('a@x', (method) =>
    method === 'slow' ? new Promise<string>((resolve) => (release = () => resolve('late'))) : 'quick',
  );
  const slow = app.control.ask('slow', {}, { destination: 'a@x', timeout: 20 });
  expect((await app.control.ask('other', {}, { destination: 'a@x' })).replies).toEqual({ 'a@x': 'quick' });
  release();
  expect((await slow).replies).toEqual({ 'a@x': 'late' });
});

test('asking works again after a lost connection, and a question under way fails at once', async () => {
  await nodeNamed('a@x', () => NO_ANSWER);
  const lost = app.control.ask('ping', {}, { timeout: 20 });
  await new Promise((resolve) => setTimeout(resolve, 50));
  await transport.loseConnections();
  await expect(lost).rejects.toMatchObject({ code: 'TQ_BROKER_UNAVAILABLE' });
  opened.length = 0;
  await nodeNamed('a@x');
  expect(await app.control.ping({ destination: 'a@x' })).toEqual({ 'a@x': { ok: 'pong' } });
});

test('a signal ends the wait, and the end of the app too', async () => {
  const stop = new AbortController();
  const asking = app.control.ask('ping', {}, { timeout: 20, signal: stop.signal });
  setTimeout(() => stop.abort(), 20);
  expect((await asking).replies).toEqual({});
  const last = app.control.ask('ping', {}, { timeout: 20 });
  await new Promise((resolve) => setTimeout(resolve, 50));
  await app.close();
  expect((await last).replies).toEqual({});
  await expect(app.control.ping()).rejects.toMatchObject({ code: 'TQ_CLOSED' });
});

test('a mistake in the address is said before anything is sent', async () => {
  await expect(app.control.ping({ destination: [''] })).rejects.toMatchObject({
    code: 'TQ_IMPROPERLY_CONFIGURED',
  });
  await expect(app.control.ping({ pattern: '(', matcher: 'pcre' })).rejects.toMatchObject({
    code: 'TQ_IMPROPERLY_CONFIGURED',
  });
});

test('a command that can not be read harms nobody', async () => {
  await nodeNamed('a@x');
  const channel = await app.producer().channel();
  for (const text of ['{', '[]', '{"method": 7}', '{"method": "ping", "destination": {"a": 1}}'])
    await channel.publish(
      {
        body: Buffer.from(text),
        headers: {},
        properties: { contentType: 'application/json', contentEncoding: 'utf-8' },
      },
      { exchange: 'celery.pidbox', routingKey: '' },
    );
  await eventually(async () => Object.keys(await app.control.ping({ destination: 'a@x' })).length === 1, {
    what: 'an answer',
  });
});

test('Python with its own serializer is understood: msgpack commands', async () => {
  app.conf.update({ taskSerializer: 'msgpack', acceptContent: ['msgpack'] });
  await nodeNamed('a@x', (_, { when }) => ({ when }));
  const { replies } = await app.control.ask('echo', { when: [1.5, 'x'] }, { destination: 'a@x' });
  expect(replies).toEqual({ 'a@x': { when: [1.5, 'x'] } });
});
