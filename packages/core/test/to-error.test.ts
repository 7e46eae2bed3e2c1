import { runInNewContext } from 'node:vm';
import { toError } from '../src/errors.ts';

test('an error of another realm stays what it is', () => {
  const error: unknown = runInNewContext("new TypeError('not here')");
  expect(toError(error)).toBe(error);
});

test('what is no error is told in one', () => {
  expect(toError('no luck').message).toBe('no luck');
  expect(toError({ code: 5 }).message).toBe('Non-error thrown: {"code":5}');
});
