import { isDeepStrictEqual } from 'node:util';
import { runInNewContext } from 'node:vm';
import {
  ChordError,
  ImproperlyConfigured,
  MaxRetriesExceededError,
  NotRegistered,
  RemoteError,
  SoftTimeLimitExceeded,
  TaskRevokedError,
  TimeLimitExceeded,
  TimeoutError,
  WorkerLostError,
} from '../../src/errors.ts';
import { ErrorRegistry } from '../../src/message/error-registry.ts';
import { errorToWire, wireToError } from '../../src/message/errors.ts';
import type { WireError } from '../../src/types/backend.ts';
import { Random } from '../serialize/random.ts';

const BUILTINS = 'builtins';
const CELERY = 'celery.exceptions';
const BILLIARD = 'billiard.exceptions';
const OWN = 'tq.errors';

const wire = (excType: string, excModule: string, ...excMessage: readonly unknown[]): WireError => ({
  excType,
  excModule,
  excMessage,
  traceback: null,
});

test.each<[Error, WireError]>([
  [new TypeError('t'), wire('TypeError', BUILTINS, 't')],
  [new Error('e'), wire('Error', OWN, 'e')],
  [new SyntaxError('s'), wire('SyntaxError', OWN, 's')],
  [new ReferenceError('r'), wire('ReferenceError', OWN, 'r')],
  [new NotRegistered('proj.nope'), wire('NotRegistered', CELERY, 'proj.nope')],
  [new TaskRevokedError('expired'), wire('TaskRevokedError', CELERY, 'expired')],
  [new MaxRetriesExceededError('m'), wire('MaxRetriesExceededError', CELERY, 'm')],
  [new ChordError('c'), wire('ChordError', CELERY, 'c')],
  [new TimeoutError('slow'), wire('TimeoutError', CELERY, 'slow')],
  [new WorkerLostError('gone'), wire('WorkerLostError', BILLIARD, 'gone')],
  [new SoftTimeLimitExceeded(), wire('SoftTimeLimitExceeded', BILLIARD)],
  [new TimeLimitExceeded(1), wire('TimeLimitExceeded', BILLIARD, 1)],
  [new TimeLimitExceeded(), wire('TimeLimitExceeded', BILLIARD)],
])('%p has a counterpart in Python and comes back as itself', (error, expected) => {
  expect(errorToWire(error, { traceback: false })).toEqual(expected);
  const back = wireToError(expected);
  expect(back).toEqual(error);
  expect(Object.getPrototypeOf(back)).toBe(Object.getPrototypeOf(error));
});

test('a RangeError is a ValueError in Python, which arrives by its own name', () => {
  expect(errorToWire(new RangeError('r'), { traceback: false })).toEqual(wire('ValueError', BUILTINS, 'r'));
  expect(wireToError(wire('ValueError', BUILTINS, 'r'))).toBeInstanceOf(RemoteError);
});

test('an exception of Python arrives as a RemoteError by its name', () => {
  const error = wireToError({
    ...wire('ValueError', BUILTINS, 'boom', 42, { k: 1 }),
    traceback: 'Traceback …\nValueError',
  });
  expect(error).toBeInstanceOf(RemoteError);
  expect(error).toMatchObject({
    name: 'ValueError',
    message: 'boom, 42, {"k":1}',
    excMessage: ['boom', 42, { k: 1 }],
    remoteTraceback: 'Traceback …\nValueError',
  });
  expect(error.stack).toContain('Traceback …');
});

test('arguments that JSON cannot print leave the message readable', () => {
  expect(wireToError(wire('KeyError', BUILTINS, 2n ** 60n)).message).toBe('1152921504606846976');
});

test('names from the wire choose no constructor', () => {
  for (const name of ['__proto__', 'constructor', 'Function', 'process', 'AggregateError', '']) {
    expect(wireToError(wire(name, BUILTINS, 'x'))).toBeInstanceOf(RemoteError);
  }
});

test('the class of an error that knows no Python is its name', () => {
  class OutOfStock extends Error {}
  class Renamed extends TypeError {
    override readonly name = 'Renamed$Error';
  }
  const renamed = new Renamed('r');
  const named = Object.assign(new Error('n'), { name: 'Custom Name' });
  const types = [new OutOfStock('o'), renamed, named, new DOMException('d', 'AbortError')].map((error) => {
    const { excType, excModule, excMessage } = errorToWire(error);
    return `${excModule} ${excType} ${String(excMessage)}`;
  });
  expect(types).toEqual([
    'tq.errors OutOfStock o',
    'tq.errors Renamed_Error r',
    'tq.errors Custom_Name n',
    'tq.errors AbortError d',
  ]);
});

test("a class of the user named like one of ours isn't ours", () => {
  class ChordError extends Error {}
  expect(errorToWire(new ChordError('mine'))).toMatchObject({ excType: 'ChordError', excModule: OWN });
});

test('an error may say how it arrives in Python', () => {
  class Missing extends Error {
    readonly excType = 'KeyError';
    readonly excModule = BUILTINS;
    readonly excMessage = ['key', 7, 8n, { a: [1] }, new Date(0)];
  }
  expect(errorToWire(new Missing('m'), { traceback: false })).toEqual(
    wire(
      'KeyError',
      BUILTINS,
      'key',
      7,
      '8',
      { a: [1] },
      'datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)',
    ),
  );
});

test('a RemoteError is passed on as what it was', () => {
  const remote = wireToError({ ...wire('ProjError', 'specapp', 7, 'x'), traceback: 'remote stack' });
  const again = errorToWire(remote);
  expect(again).toMatchObject({ excType: 'ProjError', excModule: 'specapp', excMessage: [7, 'x'] });
  expect(again.traceback?.match(/remote stack/g)).toHaveLength(1);
});

test('the traceback holds the stack and that of every cause', () => {
  const root = new TypeError('root');
  const error = new Error('top', { cause: new Error('middle', { cause: root }) });
  const { traceback } = errorToWire(error);
  expect(traceback).toMatch(
    /^Error: top\n\s+at [^]*Caused by: Error: middle\n\s+at [^]*Caused by: TypeError: root\n\s+at /,
  );
  expect(errorToWire(error, { traceback: false }).traceback).toBeNull();
});

test('the traceback holds the errors of an AggregateError and causes that are no errors', () => {
  const error = new AggregateError([new Error('one'), 'two'], 'both', { cause: { code: 5 } });
  expect(errorToWire(error).traceback).toMatch(
    /both[^]*Error 1 of it: Error: one[^]*Error 2 of it: 'two'[^]*Caused by: \{'code': 5\}/,
  );
});

test('causes in a circle end', () => {
  const error = new Error('a');
  error.cause = new Error('b', { cause: error });
  expect(errorToWire(error).traceback?.match(/Caused by/g)).toHaveLength(1);
});

test('errors of another realm are errors', () => {
  const foreign: unknown = runInNewContext('new TypeError("far")');
  expect(errorToWire(foreign, { traceback: false })).toEqual(wire('TypeError', BUILTINS, 'far'));
});

test('a text of 100 MB is cut, and the frames are kept', () => {
  const { excMessage, traceback } = errorToWire(new Error('x'.repeat(100_000_000)));
  expect(String(excMessage[0]).length).toBeLessThan(70_000);
  expect(excMessage[0]).toMatch(/characters left out/);
  expect(traceback?.length).toBeLessThan(140_000);
  expect(traceback).toContain('errors.test');
});

class OutOfStock extends Error {
  override name = 'OutOfStock';
  readonly made: string;
  constructor(made: string) {
    super('never called for what arrives');
    this.made = made;
  }
  get hint(): string {
    return `reorder: ${this.message}`;
  }
}

test('a registered class arrives as itself, without a call of its constructor', () => {
  const known = new ErrorRegistry().register(OutOfStock);
  const error = wireToError({ ...wire('OutOfStock', OWN, 'no tea', 3), traceback: 'T' }, known);
  expect(error).toBeInstanceOf(OutOfStock);
  expect(error).toMatchObject({
    name: 'OutOfStock',
    message: 'no tea, 3',
    excMessage: ['no tea', 3],
    remoteTraceback: 'T',
  });
  expect((error as OutOfStock).hint).toBe('reorder: no tea, 3');
  expect((error as OutOfStock).made).toBeUndefined();
  expect(errorToWire(error, { traceback: false })).toEqual(wire('OutOfStock', OWN, 'no tea', 3));
});

test('a class may be registered under the name of a Python exception', () => {
  const known = new ErrorRegistry().register(OutOfStock, 'ValueError');
  expect(wireToError(wire('ValueError', BUILTINS, 'x'), known)).toBeInstanceOf(OutOfStock);
});

test('only error classes with different names can be registered', () => {
  const known = new ErrorRegistry().register(OutOfStock);
  const other = { OutOfStock: class OutOfStock extends Error {} }.OutOfStock;
  expect(() => known.register(OutOfStock)).not.toThrow();
  expect(() => known.register(other)).toThrow(ImproperlyConfigured);
  expect(() => known.register(Date as never)).toThrow(ImproperlyConfigured);
  expect(() => known.register(class extends Error {})).toThrow(ImproperlyConfigured);
});

test('10 000 hostile things that are thrown become plain JSON of bounded size', () => {
  const random = new Random(5);
  const boom = (): never => {
    throw random.pick<unknown>([new Error('again'), revokedProxy(), undefined]);
  };
  const anything = (depth: number): unknown =>
    random.pick<() => unknown>([
      () => undefined,
      () => null,
      () => Symbol('s'),
      () => 2n ** 70n,
      () => random.text(20),
      () => 'long '.repeat(15_000),
      () => Number.NaN,
      () => boom,
      revokedProxy,
      () => new Proxy(new Error('p'), { get: boom }),
      () => new Proxy(new Error('p'), { getPrototypeOf: boom }),
      () => new Proxy({}, { get: (_target, key) => key }),
      () => {
        const circular: Record<string, unknown> = { list: [] };
        circular['self'] = circular;
        return circular;
      },
      () => {
        const error: unknown = new (random.pick([Error, TypeError, RangeError]))(random.text(10));
        const key = random.pick([
          'message',
          'stack',
          'name',
          'cause',
          'excType',
          'excModule',
          'excMessage',
          'errors',
          'constructor',
        ]);
        const value = depth > 0 ? anything(depth - 1) : 1;
        return Object.defineProperty(error, key, random.next() < 0.5 ? { get: boom } : { value });
      },
      () => [depth > 0 ? anything(depth - 1) : 1],
    ])();
  for (let round = 0; round < 10_000; round += 1) {
    const result = errorToWire(anything(3));
    const text = JSON.stringify(result);
    const fine =
      text.length < 3_000_000 &&
      isDeepStrictEqual(JSON.parse(text), result) &&
      /^[\p{L}_][\p{L}\p{Nd}_.]*$/u.test(result.excType) &&
      typeof result.traceback === 'string' &&
      wireToError(result) instanceof Error;
    if (!fine) throw new Error(`Not a wire error: ${text.slice(0, 1000)}`);
  }
});

function revokedProxy(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
