import { makeDefinition } from './task-definition.ts';
import type { TaskDefinition, TaskOptions } from './task-definition.ts';
import type { TaskContext } from './context.ts';

/** A task without an app, for libraries; `app.register()` makes it callable. Celery's shared_task. */
export interface DefinedTask<P extends unknown[] = unknown[], R = unknown> {
  readonly definition: TaskDefinition;
  /** Only for the compiler. */
  readonly types?: { readonly parameters: P; readonly returns: R };
}

/** Makes a task without an app: `export const add = defineTask('lib.add', (x: number, y: number) => x + y)`. */
export function defineTask<P extends unknown[], R>(name: string, run: (...args: P) => R): DefinedTask<P, R>;
export function defineTask<P extends unknown[], R>(
  name: string,
  options: TaskOptions & { readonly bind: true },
  run: (self: TaskContext, ...args: P) => R,
): DefinedTask<P, R>;
export function defineTask<P extends unknown[], R>(
  name: string,
  options: TaskOptions & { readonly bind?: false },
  run: (...args: P) => R,
): DefinedTask<P, R>;
export function defineTask(
  name: string,
  second: TaskOptions | ((...args: never[]) => unknown),
  third?: (...args: never[]) => unknown,
): DefinedTask {
  return {
    definition:
      typeof second === 'function'
        ? makeDefinition(name, {}, second)
        : makeDefinition(name, second, third as (...args: never[]) => unknown),
  };
}
