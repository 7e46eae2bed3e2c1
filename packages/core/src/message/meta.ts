/** The result meta: what a backend keeps of a task. Spec: results.md 2. */
import { DecodeError } from '../errors.ts';
import { decodeJson, encodeJson } from '../serialize/json.ts';
import { isPlain } from '../serialize/plain.ts';
import { EXCEPTION_STATES } from '../states.ts';
import type { ResultTuple, TaskMeta, TaskState, WireError } from '../types/backend.ts';
import type { Encoded } from '../types/serializer.ts';
import { formatIso, parseIso } from './dates.ts';
import { OWN_MODULE } from './error-table.ts';
import { repr } from './repr.ts';

/** In Celery's order of keys. The result is put in as the text it is. */
export function encodeMeta(meta: TaskMeta<Encoded>): string {
  let text = `{"status":${JSON.stringify(meta.status)},"result":${meta.result}`;
  text += `,"traceback":${JSON.stringify(meta.traceback)},"children":${JSON.stringify(meta.children)}`;
  text += `,"date_done":${JSON.stringify(meta.dateDone)}`;
  text += member('group_id', meta.groupId) + member('parent_id', meta.parentId);
  text += member('name', meta.name) + member('args', meta.args) + member('kwargs', meta.kwargs);
  text += member('worker', meta.worker) + member('retries', meta.retries) + member('queue', meta.queue);
  return `${text},"task_id":${JSON.stringify(meta.taskId)}}`;
}

/** Of any Celery 5; the exception of a failed or retried task becomes a `WireError`. */
export function decodeMeta(text: string): TaskMeta {
  return readMeta(decodeJson(text));
}

/** The meta in a decoded value, whatever its format was. */
export function readMeta(meta: unknown): TaskMeta {
  if (!isRecord(meta)) throw new DecodeError('The result meta is not an object.');
  const { status, task_id: taskId } = meta;
  if (typeof status !== 'string') throw new DecodeError('The result meta has no status.');
  if (typeof taskId !== 'string') throw new DecodeError('The result meta has no task_id.');
  const traceback = textOf(meta['traceback']) ?? null;
  return {
    taskId,
    status,
    result: EXCEPTION_STATES.has(status)
      ? exception(status, meta['result'], traceback)
      : (meta['result'] ?? null),
    traceback,
    children: resultTuples(meta['children']),
    dateDone: dateDone(meta['date_done']),
    ...(typeof meta['group_id'] === 'string' && { groupId: meta['group_id'] }),
    ...(typeof meta['parent_id'] === 'string' && { parentId: meta['parent_id'] }),
    ...(typeof meta['name'] === 'string' && extended(meta, meta['name'])),
  };
}

/** Written with the setting `resultExtended`. */
function extended(meta: Readonly<Record<string, unknown>>, name: string): Partial<TaskMeta> {
  const { args, kwargs, worker, retries, queue } = meta;
  return {
    name,
    ...(args !== undefined && args !== null && { args }),
    ...(kwargs !== undefined && kwargs !== null && { kwargs }),
    ...(typeof worker === 'string' && { worker }),
    ...(typeof retries === 'number' && { retries }),
    ...(typeof queue === 'string' && { queue }),
  };
}

/** The exception as it stands in a meta; the traceback stands beside it. */
export function wireErrorToResult({ excType, excMessage, excModule }: WireError): Encoded {
  const args = isPlain(excMessage)
    ? excMessage
    : excMessage.map((part) => (isPlain(part) ? part : repr(part)));
  return encodeJson({ exc_type: excType, exc_message: args, exc_module: excModule });
}

function member(name: string, value: unknown): string {
  return value === undefined ? '' : `,"${name}":${encodeJson(value, name)}`;
}

/** Only RETRY may lack an exception: a retry needs no cause. */
function exception(status: TaskState, result: unknown, traceback: string | null): WireError | null {
  if (isRecord(result) && typeof result['exc_type'] === 'string') {
    return {
      excType: result['exc_type'],
      excMessage: listOf(result['exc_message']),
      excModule: textOf(result['exc_module']) ?? OWN_MODULE,
      traceback,
    };
  }
  const missing = result === undefined || result === null || result === '';
  if (missing && status === 'RETRY') return null;
  const excMessage = missing ? [] : [typeof result === 'string' ? result : repr(result)];
  return { excType: 'Exception', excMessage, excModule: 'builtins', traceback };
}

/** Old peers wrote a lone text. */
function listOf(message: unknown): readonly unknown[] {
  if (message === undefined || message === null) return [];
  return Array.isArray(message) ? (message as readonly unknown[]) : [message];
}

const WITH_OFFSET = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)$/;

/** Celery before 5.4 wrote UTC without saying so. */
function dateDone(value: unknown): string | null {
  if (value instanceof Date) return formatIso(value.getTime());
  if (typeof value !== 'string') return null;
  if (WITH_OFFSET.test(value)) return value;
  const ms = parseIso(value);
  return ms === undefined ? null : formatIso(ms);
}

function resultTuples(value: unknown): readonly ResultTuple[] | null {
  return Array.isArray(value) && value.every(isResultTuple) ? value : null;
}

/** `[[id, parent], children]` */
function isResultTuple(value: unknown): value is ResultTuple {
  if (!Array.isArray(value) || value.length !== 2 || !Array.isArray(value[0])) return false;
  const [[id, parent], children] = value as [unknown[], unknown];
  if (typeof id !== 'string' || !(parent === null || parent === undefined || isResultTuple(parent)))
    return false;
  return children === null || (Array.isArray(children) && children.every(isResultTuple));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
