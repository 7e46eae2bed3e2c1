// Not of core's family: loading core to say that an option is misspelt would take longer than everything else.

/** The command line is wrong; the message says how it would be right. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'TQ_USAGE';
  /** A fix in place of the pointer to --help. */
  readonly remedy: string | undefined;
  /** A word that is none of those it may be; one of them may have been meant. */
  readonly mistaken: { readonly word: string; readonly choices: readonly string[] } | undefined;

  constructor(message: string, options: Partial<Pick<UsageError, 'remedy' | 'mistaken' | 'cause'>> = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.remedy = options.remedy;
    this.mistaken = options.mistaken;
  }
}

/** A pid file, a log file or a folder that can't be had. */
export class CantCreate extends Error {
  override readonly name = 'CantCreate';
  readonly code = 'TQ_CANT_CREATE';
}
