import { bodyOf, headerOf, kindOf, partsOf, signatureData } from '@tq/core/internal';
import type { Abandoned, SignatureData, SignatureLike } from '@tq/core';

/**
 * Everything in these signatures that somebody may wait for, and that will never run: the steps behind one that failed, the body of a
 * chord whose header did. Celery leaves some of them pending for ever (spec: canvas.md 3); here each gets an end. `asHeads`:
 * the signatures were to run next, so their error links are called.
 */
export function abandoned(
  signatures: readonly SignatureData[],
  { asHeads = false }: { readonly asHeads?: boolean } = {},
): readonly Abandoned[] {
  return signatures.flatMap((each) => parts(each, asHeads));
}

function parts(data: SignatureData, isHead: boolean): readonly Abandoned[] {
  switch (kindOf(data)) {
    case 'task':
      return [...call(data, isHead), ...behind(data)];
    case 'chain':
      return [...partsOf(data).flatMap((step, index) => parts(step, isHead && index === 0)), ...behind(data)];
    case 'group':
      return [...partsOf(data).flatMap((member) => parts(member, isHead)), ...behind(data)];
    case 'chord':
      // Nobody counts the header any more; whoever is told of errors waits behind the body.
      return [
        ...headerOf(data).flatMap((member) => parts(member, false).map((each) => ({ ...each, chord: null }))),
        ...parts(bodyOf(data), isHead),
        ...behind(data),
      ];
  }
}

function call({ task, options = {} }: SignatureData, isHead: boolean): readonly Abandoned[] {
  const id = options['task_id'];
  if (typeof id !== 'string') return [];
  const { group_id: group, group_index: groupIndex, chord, link_error: errbacks } = options;
  return [
    {
      id,
      task,
      group: typeof group === 'string' ? group : null,
      groupIndex: typeof groupIndex === 'number' ? groupIndex : null,
      chord: chord ? signatureData(chord as SignatureLike) : null,
      errbacks: isHead ? listOf(errbacks) : [],
    },
  ];
}

/** What comes behind a chord travels in its body. */
function behind({ options }: SignatureData): readonly Abandoned[] {
  return listOf(options?.['chain']).flatMap((step) => parts(step, false));
}

function listOf(value: unknown): readonly SignatureData[] {
  return ((value ?? []) as readonly SignatureLike[]).map(signatureData);
}
