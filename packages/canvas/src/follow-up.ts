import { randomUUID } from 'node:crypto';
import { applySignature, decodeJson } from '@tq/core/internal';
import type { CallOptions, Embed, Encoded, Outcome, SignatureData } from '@tq/core';

/** A call that an outcome sets off; its id is known before it is sent. */
export interface NextCall {
  readonly task: string;
  readonly args: readonly unknown[];
  readonly options: CallOptions & { readonly taskId: string };
}

/** Whose outcome it is. */
export interface Finished {
  readonly id: string;
  readonly rootId: string;
  readonly priority: number | undefined;
  /** Where its caller waits: what it sets off answers there too, unless it says otherwise. */
  readonly replyTo?: string | undefined;
  /** Whether what it sets off has its priority, unless it has its own: the setting taskInheritParentPriority. @default false */
  readonly inheritPriority?: boolean;
}

/**
 * What a task's end sets off: links and the next step of a chain after a success, error links after a failure.
 * Pure; whoever asks sends the calls. Spec: canvas.md 3, 6 and 7.
 */
export function followUp(outcome: Outcome, task: Finished): readonly NextCall[] {
  if (outcome.kind === 'succeeded')
    return outcome.embed ? afterSuccess(outcome.embed, outcome.result, task) : [];
  if (outcome.kind === 'failed') return outcome.embed ? afterFailure(outcome.embed, task) : [];
  return [];
}

/** Ids under which the failure of a chain's step is stored too: nobody will ever run those. Spec: canvas.md 3. */
export function skippedSteps(embed: Embed | undefined): readonly string[] {
  return (embed?.chain ?? [])
    .map((step) => step.options?.['task_id'])
    .filter((id): id is string => typeof id === 'string');
}

function afterSuccess(embed: Embed, result: Encoded, task: Finished): readonly NextCall[] {
  const callbacks = embed.callbacks ?? [];
  const step = embed.chain?.at(-1);
  if (callbacks.length === 0 && !step) return [];
  const front = [decodeJson(result)];
  // As in Celery, one callback is called by itself and several as a group.
  const group = callbacks.length > 1 ? randomUUID() : undefined;
  const calls = callbacks.map((signature, groupIndex) =>
    next(signature, front, task, group === undefined ? {} : { groupId: group, groupIndex }),
  );
  if (step) calls.push(next(step, front, task, { chain: embed.chain?.slice(0, -1) ?? [] }));
  return calls;
}

/** Always a group, also of one. */
function afterFailure(embed: Embed, task: Finished): readonly NextCall[] {
  const groupId = randomUUID();
  return (embed.errbacks ?? []).map((signature, groupIndex) =>
    next(signature, [task.id], task, { groupId, groupIndex }),
  );
}

function next(
  signature: SignatureData,
  front: readonly unknown[],
  task: Finished,
  options: CallOptions,
): NextCall {
  const {
    args,
    kwargs,
    options: merged,
  } = applySignature(signature, front, {
    ...options,
    parentId: task.id,
    rootId: task.rootId,
  });
  const inherited = task.inheritPriority ? task.priority : undefined;
  return {
    task: signature.task,
    args,
    options: {
      ...(inherited === undefined ? {} : { priority: inherited }),
      ...(task.replyTo === undefined ? {} : { replyTo: task.replyTo }),
      ...merged,
      kwargs,
      taskId: merged.taskId ?? randomUUID(),
      // Whoever sends it adds it to the children itself: nothing runs here.
      addToParent: false,
    },
  };
}
