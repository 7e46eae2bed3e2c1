import { Decimal, DecodeError, PlainDate, PlainTime, Uuid } from '@tq/core';
import { decodeJson, encodeJson } from '@tq/core/internal';
import { bodyBytes, jsonTasks, vector } from './vectors.ts';

test.each(jsonTasks().map((task) => [task.id, task] as const))(
  'the body of %s is read and written again with the same meaning',
  (_id, task) => {
    const decoded = decodeJson(bodyBytes(task).toString('utf8'));
    expect(decodeJson(encodeJson(decoded))).toEqual(decoded);
    if (!bodyBytes(task).includes('__type__')) expect(decoded).toEqual(task.body);
  },
);

test("Python's types become their counterparts", () => {
  const body = decodeJson(bodyBytes(vector('tasks-amqp', 'json-types')).toString('utf8'));
  expect(body).toEqual([
    [
      new Date('2024-02-29T12:30:15.123Z'),
      new Date('2024-02-29T12:30:15Z'),
      PlainDate.from('2024-02-29'),
      PlainTime.from('12:30:15.5'),
      Decimal.from('10.50'),
      Uuid.from('12345678123456781234567812345678'),
      Buffer.from('bytes'),
      Buffer.from([0xff, 0xfe]),
      [1, 2],
    ],
    { when: new Date('2024-02-29T17:30:15Z') },
    { callbacks: null, errbacks: null, chain: null, chord: null },
  ]);
});

test("types without zone or microseconds are written letter by letter as Python's", () => {
  const { body } = vector('tasks-amqp', 'json-types-builtin');
  const [[, ...others]] = body as [unknown[]];
  const decoded = decodeJson(JSON.stringify(others));
  expect(JSON.parse(encodeJson(decoded))).toEqual(others);
});

test('headers inside a Redis envelope hold typed values too', () => {
  const envelope = decodeJson(vector('tasks-redis', 'headers-types').envelope_raw ?? '');
  expect(envelope).toMatchObject({
    headers: { when: new Date('2024-02-29T12:30:00Z'), amount: Decimal.from('1.5') },
  });
});

describe('hand-made bodies that a Python worker was given', () => {
  const text = (id: string): string => JSON.stringify(vector('acceptance-amqp', id).body);

  test('are understood where it understood them', () => {
    const [args] = decodeJson(text('typed-args')) as [unknown[]];
    expect(args).toEqual([
      new Date('2024-02-29T12:30:15.123Z'),
      Uuid.from('12345678123456781234567812345678'),
    ]);
    // What that worker wrote in answer.
    const outcome = {
      outcome: { meta: { result: [[] as unknown[]] } },
      ...vector('acceptance-amqp', 'typed-args'),
    };
    expect(JSON.parse(encodeJson(args))).toEqual(outcome.outcome.meta.result[0]);
  });

  test('are refused where it refused them', () => {
    expect(() => decodeJson(text('typed-unknown'))).toThrow(DecodeError);
    expect(() => decodeJson((vector('acceptance-amqp', 'bad-json').body as { $text: string }).$text)).toThrow(
      DecodeError,
    );
  });

  test('are ordinary objects when they have a third key', () => {
    expect(decodeJson(text('typed-extra-key'))).toEqual(vector('acceptance-amqp', 'typed-extra-key').body);
  });
});
