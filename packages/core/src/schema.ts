import type { StandardSchema } from './task-definition.ts';
import { TaskTypeError } from './task-type-error.ts';

/** Runs a Standard Schema validator and returns its output. @throws TaskTypeError listing every issue with its path */
export async function applySchema<T>(schema: StandardSchema<T>, value: unknown, what: string): Promise<T> {
  const result = await schema['~standard'].validate(value);
  if (result.issues === undefined) return result.value;
  throw new TaskTypeError(
    result.issues.map((issue) => `${what}${pathText(issue.path)}: ${issue.message}`).join('; '),
  );
}

function pathText(path: readonly unknown[] | undefined): string {
  return (path ?? [])
    .map((part) => (typeof part === 'object' && part !== null && 'key' in part ? part.key : part))
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('');
}
