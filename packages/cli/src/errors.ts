// Not of core's family: loading core to say that an option is misspelt would take longer than everything else.

/** The command line is wrong; the message says how it would be right. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'TQ_USAGE';
  /** A fix in place of the pointer to --help. */
  readonly remedy: string | undefined;

  constructor(message: string, options: { readonly remedy?: string; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.remedy = options.remedy;
  }
}

/** A pid file, a log file or a folder that can't be had. */
export class CantCreate extends Error {
  override readonly name = 'CantCreate';
  readonly code = 'TQ_CANT_CREATE';
}
