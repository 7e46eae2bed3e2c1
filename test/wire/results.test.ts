import { RemoteError, SoftTimeLimitExceeded, TaskRevokedError, TimeLimitExceeded } from '@tq/core';
import type { TaskMeta, WireError } from '@tq/core';
import {
  decodeMeta,
  encodeJson,
  encodeMeta,
  reprError,
  wireErrorToResult,
  wireToError,
} from '@tq/core/internal';
import { bodyBytes, vector, vectorsOf } from './vectors.ts';
import type { Vector } from './vectors.ts';

const FILES = [
  'results-redis',
  'results-redis-extended',
  'results-redis-5.2.6',
  'results-rpc',
  'results-rpc-main',
];

const metas = FILES.flatMap((file) =>
  vectorsOf(file)
    .filter(({ body_raw: raw, body_raw_base64: base64 }) => raw !== undefined || base64 !== undefined)
    .map((each): [string, Vector] => [`${file} ${each.id}`, each]),
);

const textOf = (each: Vector): string => each.body_raw ?? bodyBytes(each).toString('utf8');
const meta = (file: string, id: string): TaskMeta => decodeMeta(textOf(vector(file, id)));
const isFailed = ({ status, result }: TaskMeta): boolean =>
  ['FAILURE', 'REVOKED', 'RETRY'].includes(status) && result !== null;

test('there are results to read', () => {
  expect(metas.length).toBeGreaterThan(80);
});

test.each(metas)('%s is read and written again with the same meaning', (_id, each) => {
  const decoded = decodeMeta(textOf(each));
  const result = isFailed(decoded)
    ? wireErrorToResult(decoded.result as WireError)
    : encodeJson(decoded.result);
  const written = JSON.parse(encodeMeta({ ...decoded, result })) as Record<string, unknown>;

  const expected = { date_done: null, ...(JSON.parse(textOf(each)) as Record<string, unknown>) };
  const { tenant: _stamp, stamped_headers: _names, ...known } = expected as Record<string, unknown>;
  if (typeof known['date_done'] === 'string')
    known['date_done'] = known['date_done'].replace(/(\.\d{6})$/, '$1+00:00');
  const present = Object.fromEntries(
    Object.entries(known).filter(([key, value]) => value !== null || key in written),
  );
  expect(withoutMicroseconds(written)).toEqual(withoutMicroseconds(present));
});

/** A Date holds milliseconds. */
function withoutMicroseconds(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value).replaceAll(/"__value__":"([^"]*\.\d{3})\d{3}/g, '"__value__":"$1000'),
  );
}

test.each(vectorsOf('results-redis').map((each) => [each.id, each] as const))(
  "the keys of %s are written in Celery's order",
  (_id, each) => {
    const decoded = decodeMeta(textOf(each));
    const result = isFailed(decoded)
      ? wireErrorToResult(decoded.result as WireError)
      : encodeJson(decoded.result);
    const written = JSON.parse(encodeMeta({ ...decoded, result })) as object;
    expect(Object.keys(written)).toEqual(Object.keys(JSON.parse(textOf(each)) as object));
  },
);

test('a failure is the exception with its traceback', () => {
  const { result, traceback } = meta('results-redis', 'failure');
  const error = wireToError(result as WireError);
  expect(error).toBeInstanceOf(RemoteError);
  expect(error).toMatchObject({ name: 'ValueError', message: 'boom, 42', remoteTraceback: traceback });
  expect(reprError(result as WireError)).toBe("ValueError('boom', 42)");
});

test('what Celery itself raises arrives as our own errors', () => {
  const errorOf = (id: string): Error => wireToError(meta('results-redis', id).result as WireError);
  expect(errorOf('expired')).toEqual(new TaskRevokedError('expired'));
  expect(errorOf('soft-timeout')).toBeInstanceOf(SoftTimeLimitExceeded);
  expect(errorOf('hard-timeout-1of2')).toEqual(new TimeLimitExceeded(1));
  expect(errorOf('not-registered')).toMatchObject({ name: 'NotRegistered', task: 'proj.nope' });
  expect(errorOf('worker-lost').message).toMatch(/SIGKILL/);
  expect(errorOf('bad-args')).toBeInstanceOf(TypeError);
});

test('a date without an offset is UTC', () => {
  expect(meta('results-redis-5.2.6', 'success').dateDone).toBe('2026-11-22T16:05:36.255373+00:00');
});
