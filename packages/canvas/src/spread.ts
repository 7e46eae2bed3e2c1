import { groupData } from '@tq/core/internal';
import type { SignatureData } from '@tq/core';

// Map, starmap and chunks: one task's calls over a list, in one message or a few. Spec: canvas.md 1.1.

export const MAP = 'celery.map';
export const STARMAP = 'celery.starmap';
export const CHUNKS = 'celery.chunks';

/** A signature of one of these. */
export function spread(
  name: string,
  task: SignatureData,
  items: readonly unknown[],
  more: Readonly<Record<string, unknown>> = {},
): SignatureData {
  const kwargs = { task, it: items, ...more };
  return { task: name, args: [], kwargs, options: {}, subtask_type: null, immutable: true };
}

/** What sending chunks sends: a group of starmaps, `n` items each. */
export function groupOfChunks(data: SignatureData): SignatureData {
  const { task, it, n } = data.kwargs as {
    readonly task: SignatureData;
    readonly it: readonly unknown[];
    readonly n: number;
  };
  const pieces = Array.from({ length: Math.ceil(it.length / n) }, (_, index) =>
    spread(STARMAP, task, it.slice(index * n, (index + 1) * n)),
  );
  return groupData(pieces, data.options);
}
