import { randomUUID } from 'node:crypto';
import { applySignature } from '@tq/core/internal';
import type { CallOptions, Embed, Encoded, Outcome, SignatureData } from '@tq/core';
import { decodeJson } from '@tq/core/internal';

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
  const chain = embed.chain ?? [];
  if (callbacks.length === 0 && chain.length === 0) return [];
  const front = [decodeJson(result)];
  const group = callbacks.length > 1 ? randomUUID() : undefined;
  const calls = callbacks.map((signature, index) =>
    next(signature, front, task, group === undefined ? {} : { groupId: group, groupIndex: index }),
  );
  const step = chain.at(-1);
  if (step) calls.push(next(step, front, task, { chain: chain.slice(0, -1) }));
  return calls;
}

function afterFailure(embed: Embed, task: Finished): readonly NextCall[] {
  const group = randomUUID();
  return (embed.errbacks ?? []).map((signature, index) =>
    next(signature, [task.id], task, { groupId: group, groupIndex: index }),
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
  return {
    task: signature.task,
    args,
    options: { ...merged, kwargs, taskId: merged.taskId ?? randomUUID(), addToParent: false },
  };
}
