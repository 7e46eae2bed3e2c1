const PARENT = process.ppid;

/** Whether the process that started this one is no more. Asks the system, so it is known before the event loop turns. */
export function parentIsGone(): boolean {
  return process.ppid !== PARENT;
}
