import { ImproperlyConfigured } from '../errors.ts';
import type { WireError } from '../types/backend.ts';

type ErrorType = abstract new (...args: never) => Error;

/**
 * The error classes of an app that are to arrive as themselves. Nothing that comes from the wire chooses a
 * constructor: the class is looked up by its name here, and its constructor isn't called.
 */
export class ErrorRegistry {
  readonly #byName = new Map<string, ErrorType>();

  /** @param name What the error is called on the wire. @default the name of the class */
  register(type: ErrorType, name: string = type.name): this {
    if (!(type.prototype instanceof Error)) {
      throw new ImproperlyConfigured(
        `${name || 'The class'} does not extend Error, so it can't be thrown by a task.`,
      );
    }
    if (name === '')
      throw new ImproperlyConfigured('The error class has no name; give one as second argument.');
    const before = this.#byName.get(name);
    if (before && before !== type) {
      throw new ImproperlyConfigured(`Two error classes are called ${name}; give one of them another name.`);
    }
    this.#byName.set(name, type);
    return this;
  }

  /** An error of the registered class with the message and the wire's fields, or `undefined`. */
  make({ excType, excModule, excMessage, traceback }: WireError, message: string): Error | undefined {
    const type = this.#byName.get(excType);
    if (!type) return undefined;
    const error = new Error(message);
    Object.setPrototypeOf(error, type.prototype as object);
    const fields = { name: excType, excType, excModule, excMessage, remoteTraceback: traceback };
    for (const [key, value] of Object.entries(fields)) {
      Object.defineProperty(error, key, { value, configurable: true, writable: true });
    }
    return error;
  }
}
