import type { CallOptions } from './call-options.ts';
import { bindArguments } from './parameters.ts';
import { applySchema } from './schema.ts';
import { Signature } from './signature.ts';
import type { TaskDefinition } from './task-definition.ts';

/** Checks arguments where the task says how, before anything is sent. @throws TaskTypeError, as the worker would */
export async function checkArguments(
  definition: TaskDefinition,
  args: readonly unknown[],
  options: CallOptions,
): Promise<void> {
  const { argsSchema } = definition.options;
  if (argsSchema)
    await applySchema(argsSchema, bindArguments(definition, trimmed(args), options.kwargs ?? {}), 'args');
}

/** Signatures among the arguments as their data, where Celery's typed values can still be written. */
export function sendable(args: readonly unknown[]): readonly unknown[] {
  const given = trimmed(args);
  return given.some((arg) => arg instanceof Signature)
    ? given.map((arg) => (arg instanceof Signature ? arg.data : arg))
    : given;
}

/** Without undefined at its end: a caller that leaves out optional arguments may pass them so. */
function trimmed(args: readonly unknown[]): readonly unknown[] {
  let length = args.length;
  while (length > 0 && args[length - 1] === undefined) length--;
  return length === args.length ? args : args.slice(0, length);
}
