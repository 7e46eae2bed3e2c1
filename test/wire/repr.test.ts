import { argsRepr, decodeJson, kwargsRepr } from '@tq/core/internal';
import { bodyBytes, jsonTasks, vector } from './vectors.ts';
import type { Vector } from './vectors.ts';

type Body = readonly [args: readonly unknown[], kwargs: Readonly<Record<string, unknown>>, embed: unknown];

const bodyOf = (task: Vector): Body => decodeJson(bodyBytes(task).toString('utf8')) as Body;

// Written by hand; a date without a zone, with microseconds or of New York arrives as a moment in UTC.
const OTHERWISE = new Set(['custom-argsrepr', 'json-types', 'json-types-builtin', 'protocol-1']);
const tasks = jsonTasks().filter(({ id }) => !OTHERWISE.has(id));

test.each(tasks.map((task) => [task.id, task] as const))(
  "the arguments of %s are printed as Python's",
  (_id, task) => {
    const [args, kwargs] = bodyOf(task);
    expect(argsRepr(args)).toBe(task.headers?.['argsrepr']);
    expect(kwargsRepr(kwargs)).toBe(task.headers?.['kwargsrepr']);
  },
);

test("Python's types are printed as Python's, but for the microseconds", () => {
  const task = vector('tasks-amqp', 'json-types-builtin');
  const expected = String(task.headers?.['argsrepr']);
  expect(argsRepr(bodyOf(task)[0])).toBe(expected.replace('123456, tzinfo', '123000, tzinfo'));
});

test('bytes, decimals and dates in UTC are printed as Python prints them', () => {
  const task = vector('tasks-amqp', 'json-types');
  const expected = String(task.headers?.['argsrepr'])
    .replace('123456, tzinfo', '123000, tzinfo')
    .replace(
      'datetime.datetime(2024, 2, 29, 12, 30, 15)',
      'datetime.datetime(2024, 2, 29, 12, 30, 15, tzinfo=datetime.timezone.utc)',
    )
    .replace('(1, 2))', '[1, 2])');
  expect(argsRepr(bodyOf(task)[0])).toBe(expected);
});
