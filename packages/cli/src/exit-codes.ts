/** Celery's, which are those of sysexits.h. */
export const EXIT = {
  ok: 0,
  failure: 1,
  /** The command line is wrong, or what it names: the app, its modules, its settings. */
  usage: 64,
  /** The broker or the result backend can't be reached. */
  unavailable: 69,
  /** A pid file is in use, or a file can't be made. */
  cantCreate: 73,
} as const;
