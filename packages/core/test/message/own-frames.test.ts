import { join } from 'node:path';
import { errorToWire, wireToError } from '@tq/core/internal';
import { fromCaller, withoutCallers } from '../../src/message/own-frames.ts';

const OWN = join(import.meta.dirname, '../../src/run.ts');
const users = '    at charge (/srv/shop/tasks.ts:3:9)';
const helper = '    at durationMs (/srv/shop/node_modules/@tq/core/dist/duration.js:20:9)';
const runner = `    at async runTask (${OWN}:40:3)`;
const asUrl = `    at runHere (file://${OWN}:40:3)`;
const pool =
  '    at Host.run (/srv/shop/node_modules/.pnpm/@tq+pool@1/node_modules/@tq/pool/dist/host.js:1:1)';
const node = '    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)';
const stack = (...lines: readonly string[]): string => lines.join('\n');

afterEach(() => delete process.env['TQ_DEBUG']);

test('what the worker keeps of a stack ends at the function of the user', () => {
  expect(withoutCallers(stack('Error: no', helper, users, node, runner, asUrl, pool, node))).toBe(
    stack('Error: no', helper, users),
  );
  expect(withoutCallers(stack('Error: no', users, runner, '', '[cause]'))).toBe(
    stack('Error: no', users, '', '[cause]'),
  );
});

test('what the caller sees of a stack begins at the call', () => {
  expect(fromCaller(stack('Error: no', runner, asUrl, users, node))).toBe(stack('Error: no', users, node));
});

test('a stack without a frame of the user stays whole', () => {
  const whole = stack('Error: no', runner, node);
  expect([withoutCallers(whole), fromCaller(whole)]).toEqual([whole, whole]);
});

test('every frame stays with TQ_DEBUG', () => {
  process.env['TQ_DEBUG'] = '1';
  const whole = stack('Error: no', runner, users, runner);
  expect([withoutCallers(whole), fromCaller(whole)]).toEqual([whole, whole]);
});

test('an error that was sent has its first frame here, before the stack of the worker', () => {
  const error = wireToError(errorToWire(new TypeError('too far')));
  expect(error.stack).toMatch(
    /^TypeError: too far\n\s+at \S* ?\(?.*own-frames\.test\.ts.*\n[^]*Remote traceback:\nTypeError/,
  );
});
