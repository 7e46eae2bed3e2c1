/** Every key that this package writes. Channels have the names of their keys. Spec: results.md 4 and 5. */
export interface Keys {
  /** State and result of a task. */
  task(taskId: string): string;
  /** A saved group; the keys of its chord begin with it. */
  group(groupId: string): string;
}

/** Behind a group's key: parts that joined, adjustment of the size, size. These are Celery's. */
export const CHORD_KEYS = ['.j', '.t', '.s'] as const;
/** Ours: ids counted where the layout can't tell, and who completed the chord. */
export const OWN_CHORD_KEYS = ['.i', '.c'] as const;

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
