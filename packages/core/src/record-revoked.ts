import { TaskRevokedError } from './errors.ts';
import { formatIso } from './message/dates.ts';
import { errorToWire } from './message/errors.ts';
import { wireErrorToResult } from './message/meta.ts';
import { isFinal } from './states.ts';
import type { Encoded } from './types/serializer.ts';
import type { ResultBackend, TaskMeta } from './types/backend.ts';

/** Stands for no task: a result under this id says that tasks were revoked of late. It expires as results do. */
const SIGN = 'tq-revoked';

/**
 * Marks tasks as revoked where results are kept, so that whoever waits is told at once, and a worker that starts later can
 * find out. What has finished stays as it is. Where results can be read only by who waits for them, it does nothing.
 */
export async function recordRevoked(
  backend: ResultBackend,
  ids: readonly string[],
  nowMs: number,
): Promise<void> {
  if (!backend.traits.persistent) return;
  const found = await Promise.all(ids.map((id) => backend.load(id)));
  const open = ids.filter((_, at) => !isFinal(found[at]?.status ?? 'PENDING'));
  if (open.length === 0) return;
  await Promise.all(
    [...open, SIGN].map((id) =>
      backend.store(revokedMeta(id, nowMs), { replyTo: undefined, correlationId: id }),
    ),
  );
}

/** Whether anybody has recorded a revoke of late: one look saves one for every task. */
export async function areRevokesRecorded(backend: ResultBackend): Promise<boolean> {
  return backend.traits.persistent && (await isRecordedAsRevoked(backend, SIGN));
}

export async function isRecordedAsRevoked(backend: ResultBackend, id: string): Promise<boolean> {
  return (await backend.load(id))?.status === 'REVOKED';
}

function revokedMeta(taskId: string, nowMs: number): TaskMeta<Encoded> {
  return {
    taskId,
    status: 'REVOKED',
    result: wireErrorToResult(errorToWire(new TaskRevokedError('revoked'))),
    traceback: null,
    children: [],
    dateDone: formatIso(nowMs),
  };
}
