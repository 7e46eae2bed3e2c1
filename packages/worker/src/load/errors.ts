import { TqError } from '@tq/core';

/** No app where the command line says it is. The message lists where it was looked for, and the remedy. */
export class AppNotFound extends TqError {
  constructor(message: string) {
    super('TQ_APP_NOT_FOUND', message);
  }
}

/** A module that a setting or a command line names, and that is nowhere. */
export class ModuleNotFound extends TqError {
  constructor(message: string) {
    super('TQ_MODULE_NOT_FOUND', message);
  }
}

/** A module that was found and can't be imported; `cause` is what it threw. */
export class ModuleFailed extends TqError {
  /** The module that was imported, which may not be the one at fault. */
  readonly file: string;

  constructor(file: string, message: string, options: { readonly cause: unknown }) {
    super('TQ_MODULE_FAILED', message, options);
    this.file = file;
  }
}

/** A module whose tasks belong to another app object of the same name: the app's module was loaded twice. */
export class WrongApp extends TqError {
  constructor(module: string, app: string) {
    super(
      'TQ_WRONG_APP',
      `${module} belongs to another app ${JSON.stringify(app)} than the one that runs: it imports another file of it, such as the ` +
        'source beside the built one. Name the app and its modules on one side: -A dist/proj with dist/proj/tasks.js beside it, or --workdir dist -A proj.',
    );
  }
}
