import { runInThisContext } from 'node:vm';
import { bindArguments } from '../src/parameters.ts';
import { parameterNames } from '../src/parameter-text.ts';
import { makeDefinition } from '../src/task-definition.ts';
import type { TaskOptions } from '../src/task-definition.ts';

type AnyFunction = (...args: never[]) => unknown;
type Kwargs = Readonly<Record<string, unknown>>;

function bind(
  run: AnyFunction,
  args: readonly unknown[],
  kwargs: Kwargs = {},
  options: TaskOptions = {},
): unknown[] {
  return bindArguments(makeDefinition('proj.tasks.add', options, run), args, kwargs);
}
const complaint = (...call: Parameters<typeof bind>): string => {
  try {
    bind(...call);
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    return (error as Error).message;
  }
  throw new Error('Nothing was wrong with it.');
};

const add = (x: number, y: number): number => x + y;
const three = (a: number, b: number, c: number): number => a + b + c;
const XY = { params: ['x', 'y'] };

describe('a call by position', () => {
  test('gives what is given', () => {
    expect(bind(add, [1, 2])).toEqual([1, 2]);
  });

  test('lacks arguments in the words of Python', () => {
    expect(complaint(add, [1])).toBe("add() missing 1 required positional argument: 'y'");
    expect(complaint(add, [])).toBe("add() missing 2 required positional arguments: 'x' and 'y'");
    expect(complaint(three, [])).toBe("add() missing 3 required positional arguments: 'a', 'b', and 'c'");
  });

  test('may leave out what has a default, and take any number for a rest', () => {
    const greet = (name: string, greeting = 'Hello'): string => greeting + name;
    expect(bind(greet, ['Ada'])).toEqual(['Ada']);
    expect(complaint(greet, [])).toBe("add() missing 1 required positional argument: 'name'");
    expect(bind((...all: number[]) => all, [1, 2, 3])).toEqual([1, 2, 3]);
    expect(bind((...all: number[]) => all, [])).toEqual([]);
  });

  test('of a bound task does not count self', () => {
    const bound = (self: object, x: number): unknown => [self, x];
    expect(bind(bound, [1], {}, { bind: true })).toEqual([1]);
    expect(complaint(bound, [], {}, { bind: true })).toBe(
      "add() missing 1 required positional argument: 'x'",
    );
  });

  test('names a destructured parameter by its place', () => {
    expect(complaint(({ a }: { a: number }, y: number) => a + y, [])).toBe(
      "add() missing 2 required positional arguments: 'arg0' and 'y'",
    );
  });
});

describe('with named parameters', () => {
  test('keyword arguments fill them, in any order', () => {
    expect(bind(add, [], { y: 2, x: 1 }, XY)).toEqual([1, 2]);
    expect(bind(add, [1], { y: 2 }, XY)).toEqual([1, 2]);
  });

  test('one that is left out between others is undefined, so that its default holds', () => {
    const run = (a: number, b = 5, c = 6): number[] => [a, b, c];
    const args = bind(run, [1], { c: 3 }, { params: ['a', 'b', 'c'] });
    expect(args).toEqual([1, undefined, 3]);
    expect((run as AnyFunction)(...(args as never[]))).toEqual([1, 5, 3]);
  });

  test('a name that ends with ? may be left out', () => {
    const run = (name: string, greeting?: string): string => `${greeting ?? 'Hello'} ${name}`;
    expect(bind(run, [], { name: 'Ada' }, { params: ['name', 'greeting?'] })).toEqual(['Ada']);
    expect(bind(run, ['Ada'], { greeting: 'Hi' }, { params: ['name', 'greeting?'] })).toEqual(['Ada', 'Hi']);
    expect(complaint(run, [], {}, { params: ['name', 'greeting?'] })).toBe(
      "add() missing 1 required positional argument: 'name'",
    );
  });

  test('mistakes are told in the words of Python', () => {
    expect(complaint(add, [], { y: 2 }, XY)).toBe("add() missing 1 required positional argument: 'x'");
    expect(complaint(add, [1], { x: 1, y: 2 }, XY)).toBe("add() got multiple values for argument 'x'");
    expect(complaint(add, [1, 2], { z: 3 }, XY)).toBe("add() got an unexpected keyword argument 'z'");
    expect(complaint(add, [1, 2, 3], {}, XY)).toBe('add() takes 2 positional arguments but 3 were given');
    expect(complaint((x: number) => x, [1, 2], {}, { params: ['x'] })).toBe(
      'add() takes 1 positional argument but 2 were given',
    );
    expect(complaint(() => 1, [1], {}, { params: [] })).toBe(
      'add() takes 0 positional arguments but 1 was given',
    );
    expect(complaint((x: number, y = 1) => x + y, [1, 2, 3], {}, XY)).toBe(
      'add() takes from 1 to 2 positional arguments but 3 were given',
    );
  });

  test('what is left over is one trailing object, for a function that takes one', () => {
    const run = (x: number, y: number, rest: object): unknown => [x, y, rest];
    expect(bind(run, [1, 2], { debug: true }, XY)).toEqual([1, 2, { debug: true }]);
    expect(bind(run, [1], { y: 2, debug: true }, XY)).toEqual([1, 2, { debug: true }]);
    expect(bind((x: number, y = 4, rest = {}) => [x, y, rest], [1], { debug: true }, XY)).toEqual([
      1,
      undefined,
      { debug: true },
    ]);
    expect(complaint(run, [1], { debug: true }, XY)).toBe(
      "add() missing 1 required positional argument: 'y'",
    );
    expect(
      bind((x: number, ...rest: unknown[]) => [x, rest], [1, 2], { debug: true }, { params: ['x'] }),
    ).toEqual([1, 2, { debug: true }]);
  });

  test('a bound task has its own names behind self', () => {
    const run = (self: object, x: number, y: number): unknown => [self, x, y];
    expect(bind(run, [], { x: 1, y: 2 }, { bind: true, params: ['x', 'y'] })).toEqual([1, 2]);
    expect(complaint(run, [1, 2], { z: 1 }, { bind: true, params: ['x', 'y'] })).toContain(
      "unexpected keyword argument 'z'",
    );
  });
});

describe('without named parameters', () => {
  test('all keyword arguments are one trailing object', () => {
    expect(bind(add, [1, 2], { debug: true })).toEqual([1, 2, { debug: true }]);
    expect(bind((options: object) => options, [], { a: 1, b: 2 })).toEqual([{ a: 1, b: 2 }]);
    expect(bind(() => 1, [], { a: 1 })).toEqual([{ a: 1 }]);
  });

  test('it comes in the last place of the function, behind what may be left out', () => {
    expect(bind((x: number, y = 1, options = {}) => [x, y, options], [5], { debug: true })).toEqual([
      5,
      undefined,
      { debug: true },
    ]);
    expect(bind((x: number, options: object) => [x, options], [5], { debug: true })).toEqual([
      5,
      { debug: true },
    ]);
    expect(bind((...all: unknown[]) => all, [1, 2], { debug: true })).toEqual([1, 2, { debug: true }]);
    expect(complaint(three, [1], { debug: true })).toBe("add() missing 1 required positional argument: 'b'");
  });

  test('one that names a parameter is refused with the remedy, instead of arriving in its place', () => {
    expect(complaint(add, [1], { y: 2 })).toBe(
      "add() got the keyword argument 'y', but takes its arguments by position; let the task name them: { params: ['x', 'y'] }",
    );
    expect(bind(add, [1, 2], { x: 5 })).toEqual([1, 2, { x: 5 }]);
  });
});

test('keys that mean something in JavaScript are keys like others', () => {
  const kwargs = JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}') as Kwargs;
  const [options] = bind((all: object) => all, [], kwargs) as [Record<string, unknown>];
  expect(Object.keys(options)).toEqual(['__proto__', 'constructor']);
  expect(Object.getPrototypeOf(options)).toBe(Object.prototype);
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
});

describe("names are read from a function's text", () => {
  // Written out, because the transpiler would tidy it up.
  const written = (source: string): AnyFunction => runInThisContext(source) as AnyFunction;

  test.each([
    ['(x, y) => 1', ['x', 'y']],
    ['x => x', ['x']],
    ['async x => x', ['x']],
    ['async (x, y) => 1', ['x', 'y']],
    ['(function (a, b = 2, ...rest) {})', ['a', 'b', 'rest']],
    ['(async function add(a, { b, c }, [d]) {})', ['a', 'arg1', 'arg2']],
    ['() => 1', []],
    ['(a = ",", b = "(", c = `)`, d = [1, 2], e = { f: 1, g: (1, 2) }) => 1', ['a', 'b', 'c', 'd', 'e']],
    ["(a = '\\', b', c) => 1", ['a', 'c']],
    ["(/** @type {Record<string, number>} don't */ x, // the (first, y)\n y) => 1", ['x', 'y']],
    ['(x, y,) => 1', ['x', 'y']],
    ['(größe, $a, _b) => 1', ['größe', '$a', '_b']],
    ['({ add(x, y) {} }).add', ['x', 'y']],
    ['({ async "a(b"(x) {} })["a(b"]', ['x']],
    ['(function (x) {}).bind(null)', []],
  ])('%s', (source, names) => {
    expect(parameterNames(written(source))).toEqual(names);
  });
});
