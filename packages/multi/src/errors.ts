import { TqError } from '@tq/core';

/** The command line, or what stands for it, is wrong; `remedy` says how it would be right. */
export class MultiUsageError extends TqError {
  readonly remedy: string | undefined;

  constructor(message: string, options: { readonly remedy?: string; readonly cause?: unknown } = {}) {
    super('TQ_USAGE', message, options);
    this.remedy = options.remedy;
  }
}

/** A pid file or a folder that can't be had. */
export class CantCreate extends TqError {
  constructor(message: string, options: { readonly cause?: unknown } = {}) {
    super('TQ_CANT_CREATE', message, options);
  }
}
