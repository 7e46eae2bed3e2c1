/** Options of `tq worker` that change nothing about how a child process is started. */
const HARMLESS =
  /^(-[AlcQXnEIf].*|--(app|loglevel|concurrency|queues|exclude-queues|hostname|task-events|events|include|logfile|log-format|pidfile|purge|quiet|prefetch-multiplier|disable-prefetch|time-limit|soft-time-limit)(=.*)?|-q)$/;

/**
 * Whether these words start a worker whose first child process may be started before they are understood: with the
 * environment, folder and user of this process, and most likely in a prefork pool.
 */
export function wantsEarlyChild(command: string | undefined, words: readonly string[]): boolean {
  if (command !== 'worker') return false;
  return words.every((word) => word === '--' || !word.startsWith('-') || HARMLESS.test(word));
}
