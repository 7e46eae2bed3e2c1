// Messages that no client of tq would send, put into the queue by hand.
import type { App, Message } from '@tq/core';
import { serviceUrl } from '@tq/testkit';
import { clientOf, until } from './support/client.ts';
import { Workplace } from './support/worker-process.ts';

const JSON_TYPE = { contentType: 'application/json', contentEncoding: 'utf-8' };
const good = { task: 'proj.tasks.add', retries: 0 };
const body = (text: string) => Buffer.from(text);
const ok = body('[[1, 2], {}, {"callbacks": null, "errbacks": null, "chain": null, "chord": null}]');
const nested = (depth: number) => body(`[[${'['.repeat(depth)}${']'.repeat(depth)}], {}, {}]`);

interface Odd {
  readonly name: string;
  readonly message: (id: string) => Message;
  /** What the log must say. */
  readonly says: string | RegExp;
  /** Where it ends: a dead letter, or a state under its id as well. */
  readonly state?: 'FAILURE' | 'SUCCESS';
  readonly dead: boolean;
}

const headers = (id: string, more: Record<string, unknown> = {}) => ({ ...good, id, ...more });
const odd = (
  name: string,
  message: (id: string) => Partial<Message>,
  says: string | RegExp,
  state?: Odd['state'],
  dead = true,
): Odd => ({
  name,
  message: (id) => ({ body: ok, headers: headers(id), properties: JSON_TYPE, ...message(id) }),
  says,
  ...(state ? { state } : {}),
  dead,
});

const ODD: readonly Odd[] = [
  odd('a body that is not JSON', () => ({ body: body('{nope') }), /rejected/, 'FAILURE'),
  odd('an empty body', () => ({ body: body('') }), /rejected/, 'FAILURE'),
  odd('a body that is no list', () => ({ body: body('{"a": 1}') }), 'not [args, kwargs, embed]', 'FAILURE'),
  odd('a body of two parts', () => ({ body: body('[[], {}]') }), 'not [args, kwargs, embed]', 'FAILURE'),
  odd(
    'arguments that are no list',
    () => ({ body: body('[5, {}, {}]') }),
    'arguments are not a list',
    'FAILURE',
  ),
  odd(
    'null keyword arguments',
    () => ({ body: body('[[], null, {}]') }),
    'keyword arguments are not an object',
    'FAILURE',
  ),
  odd(
    'callbacks that are no signatures',
    () => ({ body: body('[[1, 2], {}, {"callbacks": [7]}]') }),
    'not a list of signatures',
    'FAILURE',
  ),
  odd(
    'an unknown typed value',
    () => ({ body: body('[[{"__type__": "nope", "__value__": 1}, 2], {}, {}]') }),
    /rejected/,
    'FAILURE',
  ),
  odd('invalid UTF-8', () => ({ body: Buffer.from([0x5b, 0xff, 0xfe, 0x5d]) }), /rejected/, 'FAILURE'),
  odd(
    'an unknown task',
    (id) => ({ headers: headers(id, { task: 'proj.tasks.nope' }) }),
    'No task named "proj.tasks.nope"',
    'FAILURE',
  ),
  odd(
    'an unknown content type',
    () => ({ properties: { contentType: 'application/x-nope', contentEncoding: 'binary' } }),
    'application/x-nope',
    'FAILURE',
  ),
  odd(
    'a pickle',
    () => ({ properties: { contentType: 'application/x-python-serialize', contentEncoding: 'binary' } }),
    /pickle|python-serialize/,
    'FAILURE',
  ),
  odd('no content type', () => ({ properties: {} }), /content/i, 'FAILURE'),
  odd('no headers at all', () => ({ headers: {} }), /no header task/),
  odd('no id', () => ({ headers: good }), 'header id'),
  odd('an id that is a number', (id) => ({ headers: headers(id, { id: 5 }) }), 'header id'),
  odd('an eta that is a number', (id) => ({ headers: headers(id, { eta: 5 }) }), 'header eta'),
  odd('an eta that is no time', (id) => ({ headers: headers(id, { eta: 'tomorrow' }) }), 'header eta'),
  odd('retries below zero', (id) => ({ headers: headers(id, { retries: -1 }) }), 'header retries'),
  odd(
    'a time limit that is a text',
    (id) => ({ headers: headers(id, { timelimit: 'long' }) }),
    'header timelimit',
  ),
  odd('far too deep nesting', () => ({ body: nested(5000) }), /deep|nest/i, 'FAILURE'),
  odd(
    '64 levels, which is legal',
    (id) => ({ headers: headers(id, { task: 'proj.tasks.echo' }), body: nested(64) }),
    'succeeded',
    'SUCCESS',
    false,
  ),
  odd(
    'keys named __proto__',
    (id) => ({
      headers: headers(id, { task: 'proj.tasks.echo' }),
      body: body('[[{"__proto__": {"polluted": 1}}], {"__proto__": {"polluted": 1}}, {}]'),
    }),
    'succeeded',
    'SUCCESS',
    false,
  ),
  odd(
    'a header named __proto__',
    (id) => ({
      headers: JSON.parse(
        JSON.stringify(headers(id)).replace('{', '{"__proto__": {"polluted": 1},'),
      ) as Record<string, unknown>,
    }),
    'succeeded',
    'SUCCESS',
    false,
  ),
];

const BROKERS = [
  ['the embedded file', () => ({})],
  [
    'Redis',
    () => ({
      broker: new URL('/8', serviceUrl('redis')).href,
      backend: new URL('/8', serviceUrl('redis')).href,
    }),
  ],
  ['RabbitMQ', () => ({ broker: serviceUrl('amqp').href, backend: new URL('/9', serviceUrl('redis')).href })],
] as const;

describe.each(BROKERS)('on %s', (_, urls) => {
  let place: Workplace;
  let app: App;

  beforeAll(() => {
    place = new Workplace(urls());
    app = clientOf(place);
  });
  afterAll(async () => {
    await app.close();
    place[Symbol.dispose]();
  });

  test('each of them ends in a defined place with a reason in the log, and the next good task runs at once', async () => {
    const worker = await place.worker('-c', '1').ready();
    const channel = await app.producer().channel();
    let buried = 0;
    await channel.declareQueue({ name: 'tq.dead' });
    await channel.purgeQueue('tq.dead');
    for (const [index, { name, message, says, state, dead }] of ODD.entries()) {
      const id = `odd-${index}`;
      const from = worker.output.length;
      await channel.publish(message(id), { exchange: '', routingKey: 'celery' });
      expect(await app.sendTask('proj.tasks.add', [index, 1]).get({ timeout: 10 })).toBe(index + 1);
      await until(`${name}: the reason in the log`, () => {
        const said = worker.output.slice(from);
        return typeof says === 'string' ? said.includes(says) : says.test(said);
      });
      if (state) await until(`${name}: ${state}`, async () => (await app.asyncResult(id).state()) === state);
      if (dead) buried++;
      await until(
        `${name}: ${buried} dead letters`,
        async () => (await channel.declareQueue({ name: 'tq.dead' })).messages === buried,
      );
    }
    expect(worker.child.exitCode).toBeNull();
    expect(await app.asyncResult(`odd-${ODD.length - 2}`).get({ timeout: 5 })).not.toHaveProperty('polluted');
    worker.child.kill('SIGTERM');
    expect(await worker.exited).toBe(0);
  }, 120_000);
});
