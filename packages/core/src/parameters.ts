import { parameterTexts, hasRest } from './parameter-text.ts';
import { TaskTypeError } from './task-type-error.ts';
import type { TaskDefinition } from './task-definition.ts';
import type { SignatureData } from './types/signature.ts';

type Kwargs = Readonly<Record<string, unknown>>;

/**
 * Puts a caller's arguments in the order in which the function takes them. With `params` keyword arguments fill
 * parameters by name and what is left over is one trailing object; without, all of them are.
 * @throws TaskTypeError worded as Python words it
 */
export function bindArguments(
  definition: TaskDefinition,
  args: readonly unknown[],
  kwargs: Kwargs,
): unknown[] {
  const names = Object.keys(kwargs);
  if (definition.options.params) return bindNamed(definition, definition.options.params, args, kwargs, names);
  if (names.length === 0) return bindPositional(definition, args);
  refuseNamed(definition, args, names);
  return withTrailing(definition, [...args], pick(kwargs, names), definition.parameters.length - 1);
}

function bindPositional(definition: TaskDefinition, args: readonly unknown[]): unknown[] {
  const bound = [...args];
  checkFilled(definition, bound);
  return bound;
}

function bindNamed(
  definition: TaskDefinition,
  params: readonly string[],
  args: readonly unknown[],
  kwargs: Kwargs,
  names: readonly string[],
): unknown[] {
  const label = functionLabel(definition);
  const { parameters } = definition;
  if (args.length > params.length && !hasRest(definition.run)) throw tooMany(definition, args.length);
  const bound = [...args];
  const rest: string[] = [];
  for (const name of names) {
    const index = parameters.indexOf(name);
    if (index < 0) {
      rest.push(name);
      continue;
    }
    if (index < args.length) throw new TaskTypeError(`${label} got multiple values for argument '${name}'`);
    while (bound.length < index) bound.push(MISSING);
    bound[index] = kwargs[name];
  }
  if (rest.length === 0) {
    checkFilled(definition, bound);
    return bound;
  }
  if (!takesTrailingObject(definition, params))
    throw new TaskTypeError(`${label} got an unexpected keyword argument '${rest[0] as string}'`);
  return withTrailing(definition, bound, pick(kwargs, rest), params.length);
}

/** A parameter that no caller filled: an optional one gets undefined, so its default holds. */
const MISSING = Symbol('missing');

/** Python's **kwargs: one object behind everything else, in the function's last place. */
function withTrailing(
  definition: TaskDefinition,
  bound: unknown[],
  trailing: unknown,
  place: number,
): unknown[] {
  const last = hasRest(definition.run) ? definition.required : place;
  while (bound.length < last) bound.push(MISSING);
  bound.push(trailing);
  checkFilled(definition, bound);
  return bound;
}

function checkFilled(definition: TaskDefinition, bound: unknown[]): void {
  const missing: string[] = [];
  for (let index = 0; index < Math.max(definition.required, bound.length); index++) {
    if (index < bound.length && bound[index] !== MISSING) continue;
    if (index < definition.required) missing.push(`'${definition.parameters[index] ?? `arg${index}`}'`);
    else bound[index] = undefined;
  }
  if (missing.length === 0) return;
  throw new TaskTypeError(
    `${functionLabel(definition)} missing ${missing.length} required positional argument${missing.length === 1 ? '' : 's'}: ${joined(missing)}`,
  );
}

/** Whoever names a parameter means it; without `params` the object would silently take its place. */
function refuseNamed(definition: TaskDefinition, args: readonly unknown[], names: readonly string[]): void {
  const name = names.find((each) => definition.parameters.indexOf(each) >= args.length);
  if (name === undefined) return;
  const params = definition.parameters.map((each) => `'${each}'`).join(', ');
  throw new TaskTypeError(
    `${functionLabel(definition)} got the keyword argument '${name}', but takes its arguments by position; let the task name them: { params: [${params}] }`,
  );
}

function tooMany(definition: TaskDefinition, given: number): TaskTypeError {
  const most = definition.parameters.length;
  const least = definition.required;
  const takes = least < most ? `from ${least} to ${most}` : String(most);
  return new TaskTypeError(
    `${functionLabel(definition)} takes ${takes} positional argument${most === 1 && least === most ? '' : 's'} but ${given} ${given === 1 ? 'was' : 'were'} given`,
  );
}

function takesTrailingObject(definition: TaskDefinition, params: readonly string[]): boolean {
  const bound = definition.options.bind ? 1 : 0;
  return parameterTexts(definition.run).length - bound > params.length || hasRest(definition.run);
}

function functionLabel(definition: TaskDefinition): string {
  return `${definition.name.slice(definition.name.lastIndexOf('.') + 1)}()`;
}

function joined(names: readonly string[]): string {
  if (names.length < 3) return names.join(' and ');
  return `${names.slice(0, -1).join(', ')}, and ${names.at(-1) as string}`;
}

function pick(kwargs: Kwargs, names: readonly string[]): Record<string, unknown> {
  const picked: Record<string, unknown> = {};
  for (const name of names) {
    // A plain assignment of __proto__ would set the prototype.
    Object.defineProperty(picked, name, {
      value: kwargs[name],
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return picked;
}

/**
 * Whether an error link of this app takes `(request, error, traceback)` rather than the failed task's id: as in Celery, if it takes
 * more than one argument besides those that it has, and isn't bound. Spec: canvas.md 7.
 */
export function takesFailure(definition: TaskDefinition, errback: SignatureData): boolean {
  if (definition.options.bind || errback.immutable) return false;
  return hasRest(definition.run) || definition.parameters.length - (errback.args ?? []).length > 1;
}
