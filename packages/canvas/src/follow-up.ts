import { FAILURE_HEADER, groupData, kindOf, optionsFromWire } from '@tq/core/internal';
import type { CallOptions, Embed, FinishedTask, Plan, SignatureData, WireError } from '@tq/core';
import { joined, plan } from './plan.ts';

/** What a success sets off: links and the next step of a chain. Pure; whoever asks sends the calls. Spec: canvas.md 3 and 6. */
export function afterSuccess(embed: Embed, result: unknown, task: FinishedTask): Plan {
  const plans = together(embed.callbacks ?? []).map((signature) => next(signature, [result], task));
  const step = embed.chain?.at(-1);
  if (step) plans.push(next(step, [result], task, { chain: embed.chain?.slice(0, -1) ?? [] }));
  return joined(plans);
}

/** As in Celery, one callback is called by itself, groups each by itself, and several others as a group. */
function together(callbacks: readonly SignatureData[]): readonly SignatureData[] {
  if (callbacks.length < 2) return callbacks;
  const groups = callbacks.filter((each) => kindOf(each) === 'group');
  const others = callbacks.filter((each) => kindOf(each) !== 'group');
  return others.length === 0 ? groups : [...groups, groupData(others)];
}

/**
 * Error links of a task that failed. `isTold` says of each whether it takes the failure itself, instead of the failed task's
 * id. Always as a group, also of one. Spec: canvas.md 7.
 */
export function afterFailure(
  errbacks: readonly SignatureData[],
  error: WireError,
  task: FinishedTask,
  isTold: (errback: SignatureData) => boolean,
): Plan {
  const told = errbacks.filter(isTold);
  const others = errbacks.filter((each) => !told.includes(each));
  const { traceback, ...failure } = error;
  const front = [task.request ?? { id: task.id, rootId: task.rootId }, failure, traceback];
  return joined([
    ...(told.length > 0 ? [next(groupData(told), front, task, { headers: { [FAILURE_HEADER]: true } })] : []),
    ...(others.length > 0 ? [next(groupData(others), [task.id], task)] : []),
  ]);
}

/** A signature that a task sets off: of the same root, below the task, answering where its caller waits. */
export function next(
  signature: SignatureData,
  front: readonly unknown[],
  task: FinishedTask,
  options: CallOptions = {},
): Plan {
  const own = optionsFromWire(signature.options);
  const inherited = task.inheritPriority ? task.priority : undefined;
  const { replyTo } = task;
  return plan(
    signature,
    front,
    {
      ...options,
      ...(own.priority === undefined && inherited !== undefined ? { priority: inherited } : {}),
      parentId: task.id,
      rootId: task.rootId,
    },
    replyTo === undefined ? {} : { replyTo },
  );
}
