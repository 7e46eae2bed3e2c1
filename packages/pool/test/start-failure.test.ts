import { expect, test } from '@jest/globals';
import { startFailure, toStartError } from '../src/start-failure.ts';

test('the place is the innermost one in code of the user', () => {
  const stack = [
    'Error: boom',
    '    at parse (file:///srv/proj/node_modules/zod/index.js:9:9)',
    '    at file:///srv/proj/tasks.mjs:3:7',
    '    at ModuleJob.run (node:internal/modules/esm/module_job:325:25)',
    '    at async load (file:///srv/proj/tq.mjs:12:1)',
  ].join('\n');
  const failure = startFailure({ message: 'boom', stack }, 'exit code 1', []);
  expect(failure.location).toBe('file:///srv/proj/tasks.mjs:3:7');
  const error = toStartError(failure, 'ForkPoolWorker-1');
  expect(error.message).toBe('ForkPoolWorker-1 could not start: boom (file:///srv/proj/tasks.mjs:3:7)');
  expect((error.cause as Error).stack).toBe(stack);
});

test('of a host that said nothing, what Node printed tells', () => {
  const printed = [
    'file:///srv/proj/tasks.mjs:2',
    'const = 3;',
    '      ^',
    '',
    "SyntaxError: Unexpected token '='",
  ];
  expect(startFailure(undefined, 'exit code 1', printed)).toMatchObject({
    message: "SyntaxError: Unexpected token '='",
    location: 'file:///srv/proj/tasks.mjs:2',
  });
});

test('of a host that left no word, at least its end is known', () => {
  expect(startFailure(undefined, 'signal SIGSEGV', [])).toEqual({ message: 'it ended with signal SIGSEGV' });
});
