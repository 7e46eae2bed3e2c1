import { DecodeError } from '../../src/errors.ts';
import { decodeMeta, encodeMeta, wireErrorToResult } from '../../src/message/meta.ts';
import { encodeJson } from '../../src/serialize/json.ts';
import type { TaskMeta } from '../../src/types/backend.ts';
import type { Encoded } from '../../src/types/serializer.ts';

const DONE = '2026-11-22T16:03:41.461970+00:00';
const success: TaskMeta<Encoded> = {
  taskId: 'the-id',
  status: 'SUCCESS',
  result: '5' as Encoded,
  traceback: null,
  children: [],
  dateDone: DONE,
};

test("a meta is written in Celery's order of keys", () => {
  const meta: TaskMeta<Encoded> = {
    taskId: 'the-id',
    queue: 'w',
    retries: 0,
    worker: 'w1@host',
    kwargs: { when: new Date(0) },
    args: [1],
    name: 'proj.add',
    parentId: 'p',
    groupId: 'g',
    dateDone: null,
    children: [[['child', null], null]],
    traceback: 'T',
    result: '{"a": 1}' as Encoded,
    status: 'PROGRESS',
  };
  expect(encodeMeta(meta)).toBe(
    '{"status":"PROGRESS","result":{"a": 1},"traceback":"T","children":[[["child",null],null]],"date_done":null,"group_id":"g","parent_id":"p",' +
      '"name":"proj.add","args":[1],"kwargs":{"when":{"__type__":"datetime","__value__":"1970-01-01T00:00:00+00:00"}},"worker":"w1@host","retries":0,"queue":"w","task_id":"the-id"}',
  );
});

test('a meta comes back as it was', () => {
  expect(decodeMeta(encodeMeta(success))).toEqual({ ...success, result: 5 });
  const result = encodeJson({ at: new Date(5), big: 2n ** 64n });
  const full = {
    ...success,
    result,
    groupId: 'g',
    parentId: 'p',
    name: 'n',
    args: [1],
    kwargs: {},
    worker: 'w',
    retries: 2,
    queue: 'q',
  };
  expect(decodeMeta(encodeMeta(full))).toEqual({ ...full, result: { at: new Date(5), big: 2n ** 64n } });
});

test('a result of the greatest depth can be read back', () => {
  const deep: unknown = JSON.parse('['.repeat(500) + ']'.repeat(500));
  expect(decodeMeta(encodeMeta({ ...success, result: encodeJson(deep) })).result).toEqual(deep);
});

test('exceptions become wire errors', () => {
  const error = { excType: 'ValueError', excMessage: ['boom', 42], excModule: 'builtins', traceback: 'T' };
  const meta = { ...success, status: 'FAILURE', traceback: 'T', result: wireErrorToResult(error) };
  expect(decodeMeta(encodeMeta(meta)).result).toEqual(error);
  expect(meta.result).toBe('{"exc_type":"ValueError","exc_message":["boom",42],"exc_module":"builtins"}');
});

const failed = (result: string, status = 'FAILURE'): unknown =>
  decodeMeta(`{"status": "${status}", "result": ${result}, "task_id": "x", "traceback": "T"}`).result;

test.each([
  [
    '{"exc_type": "E", "exc_message": "lone text", "exc_module": "m"}',
    { excType: 'E', excMessage: ['lone text'], excModule: 'm' },
  ],
  [
    '{"exc_type": "E", "exc_message": null, "exc_module": null}',
    { excType: 'E', excMessage: [], excModule: 'tq.errors' },
  ],
  ['{"exc_type": "E"}', { excType: 'E', excMessage: [], excModule: 'tq.errors' }],
  ['"only a text"', { excType: 'Exception', excMessage: ['only a text'], excModule: 'builtins' }],
  ['[1]', { excType: 'Exception', excMessage: ['[1]'], excModule: 'builtins' }],
  ['null', { excType: 'Exception', excMessage: [], excModule: 'builtins' }],
])('the failure %s is understood', (result, expected) => {
  expect(failed(result)).toEqual({ ...expected, traceback: 'T' });
});

test('a retry may have no cause', () => {
  expect(failed('null', 'RETRY')).toBeNull();
});

test('what looks like an exception is a result when the task succeeded', () => {
  expect(failed('{"exc_type": "E"}', 'SUCCESS')).toEqual({ exc_type: 'E' });
});

test.each([
  ['"2026-11-22T16:05:36.255373"', '2026-11-22T16:05:36.255373+00:00'],
  ['"2026-11-22T16:05:36+02:00"', '2026-11-22T16:05:36+02:00'],
  ['{"__type__": "datetime", "__value__": "2026-11-22T16:05:36"}', '2026-11-22T16:05:36+00:00'],
  ['null', null],
  ['"soon"', null],
  ['5', null],
])('date_done %s is read as %s', (text, expected) => {
  expect(decodeMeta(`{"status": "SUCCESS", "task_id": "x", "date_done": ${text}}`).dateDone).toBe(expected);
});

test('what is missing, null, unknown or of another type is left out', () => {
  const text =
    '{"status": "SUCCESS", "task_id": "x", "name": null, "retries": "many", "group_id": 5, "tenant": 1, "children": [1]}';
  expect(decodeMeta(text)).toEqual({
    taskId: 'x',
    status: 'SUCCESS',
    result: null,
    traceback: null,
    children: null,
    dateDone: null,
  });
});

test.each([
  '',
  '[]',
  'null',
  '5',
  '{}',
  '{"status": "SUCCESS"}',
  '{"task_id": "x"}',
  '{"status": 1, "task_id": "x"}',
])('%j is no meta', (text) => {
  expect(() => decodeMeta(text)).toThrow(DecodeError);
});

test('a wire error with arguments that do not travel is still written', () => {
  const excMessage = [1n, Symbol('s'), { f: () => 1 }];
  expect(wireErrorToResult({ excType: 'E', excMessage, excModule: 'm', traceback: null })).toBe(
    '{"exc_type":"E","exc_message":["1","<Symbol(s)>","{\'f\': <function f>}"],"exc_module":"m"}',
  );
});
