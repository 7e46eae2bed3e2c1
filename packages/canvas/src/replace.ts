import {
  bodyOf,
  headerOf,
  kindOf,
  mergeOptions,
  partsOf,
  signatureData,
  withKwargs,
  withLink,
} from '@tq/core/internal';
import type { Embed, FinishedTask, Plan, ReplacedTask, SignatureData, SignatureLike } from '@tq/core';
import { asOne } from './freeze.ts';
import { planOf } from './plan.ts';

/**
 * What takes the place of a running task: under its id, with its links, in its group and chord, before the steps that follow
 * it. Several results become the one that the task would have had, a list. Spec: canvas.md 8.
 */
export function replacement(by: SignatureData, task: ReplacedTask, embed: Embed | undefined): Plan {
  const nesting = task.replacedTaskNesting + 1;
  const one = withNesting(withoutId(asOne(by)), nesting);
  const linked = (embed?.callbacks ?? []).reduce((each, link) => withLink(each, 'link', link), one);
  const whole = (embed?.errbacks ?? []).reduce((each, link) => withLink(each, 'link_error', link), linked);
  return planOf(
    whole,
    {
      task_id: task.id,
      root_id: task.rootId,
      parent_id: task.id,
      ...(task.group === null ? {} : { group_id: task.group }),
      ...(task.groupIndex === null ? {} : { group_index: task.groupIndex }),
      ...(embed?.chord ? { chord: embed.chord } : {}),
      chain: (embed?.chain ?? []).map((step) => withNesting(step, nesting)),
    },
    task.replyTo,
  );
}

/** One more member for the header of a chord that runs already; it counts once. Spec: canvas.md 8. */
export function newMember(
  signature: SignatureData,
  body: SignatureData,
  task: FinishedTask,
  { group, groupIndex }: Pick<ReplacedTask, 'group' | 'groupIndex'>,
): Plan {
  return planOf(
    asOne(signature),
    {
      root_id: task.rootId,
      parent_id: task.id,
      ...(group === null ? {} : { group_id: group }),
      ...(groupIndex === null ? {} : { group_index: groupIndex }),
      chord: body,
    },
    task.replyTo,
  );
}

function withoutId(data: SignatureData): SignatureData {
  const { task_id: _, ...options } = data.options ?? {};
  return { ...data, options };
}

/** Marks every task, so that nobody takes what replaces a task for what it called. */
function withNesting(data: SignatureData, nesting: number): SignatureData {
  const marked = (each: SignatureLike): SignatureData => withNesting(signatureData(each), nesting);
  switch (kindOf(data)) {
    case 'task':
      return { ...data, options: mergeOptions(data.options, { replaced_task_nesting: nesting }) };
    case 'chain':
    case 'group':
      return withKwargs(data, { tasks: partsOf(data).map(marked) });
    case 'chord':
      return withKwargs(data, { header: headerOf(data).map(marked), body: marked(bodyOf(data)) });
  }
}
