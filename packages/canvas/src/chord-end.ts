import { decodeJson, reprError } from '@tq/core/internal';
import type { ChordEnd, ChordPart, FinishedTask, SignatureData, WireError } from '@tq/core';
import { next } from './follow-up.ts';

/**
 * How a chord goes on once its header is complete: with its body and the list of results, or, if a member has no result,
 * without. Spec: canvas.md 5, results.md 5.
 */
export function endOfChord(body: SignatureData, parts: readonly ChordPart[], task: FinishedTask): ChordEnd {
  const failed = parts.find(({ state }) => state !== 'SUCCESS');
  if (failed)
    return { kind: 'failed', error: chordError(`Dependency ${failed.taskId} raised ${reasonOf(failed)}`) };
  const results = parts.map(({ result }) => decodeJson(result));
  // A chord inside of a chain belongs to the step before it.
  const { root_id: root, parent_id: parent } = body.options ?? {};
  const below = { ...task, rootId: textOr(root, task.rootId), id: textOr(parent, task.id) };
  return { kind: 'body', plan: next(body, [results], below) };
}

/** What a body fails with that will not run. */
export function chordError(message: string): WireError {
  return { excType: 'ChordError', excModule: 'celery.exceptions', excMessage: [message], traceback: null };
}

function reasonOf({ result }: ChordPart): string {
  const error = decodeJson(result) as Readonly<Record<string, unknown>> | null;
  const { exc_type: excType, exc_message: message, exc_module: excModule } = error ?? {};
  return reprError({
    excType: textOr(excType, 'Exception'),
    excMessage: Array.isArray(message) ? message : [message],
    excModule: textOr(excModule, 'builtins'),
    traceback: null,
  });
}

function textOr(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}
