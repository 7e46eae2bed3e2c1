/** Every key that this package writes. Channels have the names of their keys. Spec: results.md 4 and 5. */
export interface Keys {
  /** State and result of a task. */
  task(taskId: string): string;
  /** A saved group; the keys of its chord begin with it. */
  group(groupId: string): string;
}

/** Behind a group's key: entries that joined, adjustment of the size, size, who is counted, claim on the body or `done`. These are Celery's. */
const CELERY_KEYS = ['.j', '.t', '.s', '.d', '.c'] as const;
/** Ours: adjustments already made. */
const OWN_KEYS = ['.g'] as const;
export const CHORD_KEYS = [...CELERY_KEYS, ...OWN_KEYS] as const;

export function keysWith(globalPrefix: string): Keys {
  const prefix = separated(globalPrefix);
  return {
    task: (taskId) => `${prefix}celery-task-meta-${taskId}`,
    group: (groupId) => `${prefix}celery-taskset-meta-${groupId}`,
  };
}

/** As Celery does: an underscore, unless the prefix ends in a separator of its own. */
function separated(prefix: string): string {
  return prefix === '' || /[:_.-]$/.test(prefix) ? prefix : `${prefix}_`;
}
