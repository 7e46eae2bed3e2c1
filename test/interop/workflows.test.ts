// Work-flows whose parts live on both sides: either builds them, either runs each part, either joins them.
import { chain, chord, group } from '@tq/canvas';
import type { AnySignature } from '@tq/core';
import { serviceUrl, within } from '@tq/testkit';
import { Place, python } from './support/place.ts';

const redis = (db: number): string => new URL(`/${db}`, serviceUrl('redis')).href;

/** [broker, results] */
const PAIRS = [
  ['RabbitMQ', () => ({ broker: serviceUrl('amqp').href, backend: redis(5) })],
  ['Redis', () => ({ broker: redis(6), backend: redis(6) })],
] as const;
const SIDES = ['tq', 'py'] as const;
/** Where a first and a second part of a work-flow live. */
const COMBINATIONS = SIDES.flatMap((first) => SIDES.map((second) => [first, second] as const));

const suite = python ? describe : describe.skip;
const soon = { timeout: 20 };

suite.each(PAIRS)('on %s, results in Redis', (_, urls) => {
  let place: Place;
  beforeAll(async () => {
    place = new Place(urls());
    await place.ready();
  }, 60_000);
  afterAll(() => place[Symbol.asyncDispose]());

  /** A task of either side, by its name. */
  const s = (name: string, ...args: readonly unknown[]): AnySignature =>
    place.client.signature(name, args, { queue: name.slice(0, 2) });
  const got = async (workflow: AnySignature): Promise<unknown> => (await workflow.delay()).get(soon);
  const told = async (expression: string): Promise<unknown> =>
    (await place.python.get(await place.python.canvas(expression))).result;

  describe.each(COMBINATIONS)('first parts in %s, second parts in %s', (one, two) => {
    test('a chain', async () => {
      expect(await got(chain([s(`${one}.add`, 1, 2), s(`${two}.add`, 3), s(`${one}.add`, 4)]))).toBe(10);
      expect(await told(`chain(s('${one}.add', 1, 2), s('${two}.add', 3), s('${one}.add', 4))`)).toBe(10);
    });

    test('a group', async () => {
      expect(await got(group([s(`${one}.add`, 1, 1), s(`${two}.add`, 2, 2)]))).toEqual([2, 4]);
      expect(await told(`group([s('${one}.add', 1, 1), s('${two}.add', 2, 2)])`)).toEqual([2, 4]);
    });

    test('a chord', async () => {
      expect(await got(chord([s(`${one}.add`, 1, 1), s(`${one}.add`, 2, 2)], s(`${two}.sum`)))).toBe(6);
      expect(await told(`chord([s('${one}.add', 1, 1), s('${one}.add', 2, 2)], s('${two}.sum'))`)).toBe(6);
    });

    test('a chord with both in its header', async () => {
      const many = Array.from({ length: 20 }, (__, i) => s(`${i % 2 ? one : two}.add`, i, i));
      expect(await got(chord(many, s(`${two}.sum`)))).toBe(380);
      const header = `[s(('${one}', '${two}')[i % 2] + '.add', i, i) for i in range(20)]`;
      expect(await told(`chord(${header}, s('${two}.sum'))`)).toBe(380);
    });

    test('a chord behind a task, with steps behind it', async () => {
      const workflow = [
        s(`${one}.add`, 1, 1),
        group([s(`${one}.add`, 1), s(`${two}.add`, 2)]),
        s(`${two}.sum`),
        s(`${one}.add`, 10),
      ];
      expect(await got(chain(workflow))).toBe(17);
      const steps = `s('${one}.add', 1, 1), group(s('${one}.add', 1), s('${two}.add', 2)), s('${two}.sum'), s('${one}.add', 10)`;
      expect(await told(`chain(${steps})`)).toBe(17);
    });

    test('a chord in the header of a chord', async () => {
      const inner = chord([s(`${two}.add`, 1, 1), s(`${one}.add`, 2, 2)], s(`${one}.sum`));
      expect(await got(chord([inner, s(`${one}.add`, 3, 3)], s(`${two}.sum`)))).toBe(12);
      const innerText = `chord([s('${two}.add', 1, 1), s('${one}.add', 2, 2)], s('${one}.sum'))`;
      expect(await told(`chord([${innerText}, s('${one}.add', 3, 3)], s('${two}.sum'))`)).toBe(12);
    });

    test('a task that is replaced, in a chain and in a chord', async () => {
      expect(await got(chain([s(`${one}.replaced`, 1), s(`${two}.add`, 1)]))).toBe(102);
      expect(await told(`chain(s('${one}.replaced', 1), s('${two}.add', 1))`)).toBe(102);
      expect(await got(chord([s(`${one}.replaced`, 1), s(`${two}.add`, 1, 1)], s(`${two}.sum`)))).toBe(103);
      expect(await told(`chord([s('${one}.replaced', 1), s('${two}.add', 1, 1)], s('${two}.sum'))`)).toBe(
        103,
      );
    });

    test('a header that fails: the body fails for its caller, and for who waits behind it', async () => {
      const header = [s(`${one}.fail`, 'no luck'), s(`${two}.add`, 1, 1)];
      const failing = await chord(header, s(`${two}.sum`)).delay();
      await expect(failing.get(soon)).rejects.toThrow(/Dependency .* raised/);
      const behind = await chain([chord(header, s(`${two}.sum`)), s(`${one}.add`, 1)]).delay();
      await expect(behind.get(soon)).rejects.toThrow(/Dependency .* raised/);
      const text = `chord([s('${one}.fail', 'no luck'), s('${two}.add', 1, 1)], s('${two}.sum'))`;
      const seen = await place.python.get(await place.python.canvas(text));
      expect(seen).toMatchObject({ state: 'FAILURE', error: { type: 'ChordError' } });
    });

    test('a step that fails: the last one fails for its caller', async () => {
      const steps = [s(`${one}.fail`, 'no luck'), s(`${two}.add`, 1), s(`${two}.add`, 2)];
      await expect(got(chain(steps))).rejects.toThrow('no luck');
      const text = `chain(s('${one}.fail', 'no luck'), s('${two}.add', 1), s('${two}.add', 2))`;
      expect((await place.python.get(await place.python.canvas(text))).state).toBe('FAILURE');
    });

    test('error links are called where they live, with the failed id', async () => {
      const failing = s(`${one}.fail`, 'no luck').linkError(
        place.client.signature(`${two}.${two === 'tq' ? 'onError' : 'on_error'}`, [], {
          queue: two,
          taskId: `saw-${one}-${two}-${Date.now()}`,
        }).data,
      );
      const sent = await failing.delay();
      await expect(sent.get(soon)).rejects.toThrow('no luck');
      const link = failing.data.options!['link_error'] as readonly {
        readonly options: { readonly task_id: string };
      }[];
      const id = link[0]!.options.task_id;
      expect(await within(place.client.asyncResult(id).get(soon), 20_000, 'the error link')).toBe(
        `saw ${sent.id}`,
      );
    });
  });
});
