import { TaskTypeError } from './task-type-error.ts';
import type { TaskDefinition } from './task-definition.ts';

/**
 * Puts a caller's arguments in the order in which the function takes them. With `params` keyword arguments fill
 * parameters by name and what is left over is one trailing object; without, all of them are.
 * @throws TaskTypeError worded as Python words it
 */
export function bindArguments(
  definition: TaskDefinition,
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
): unknown[] {
  const { params } = definition.options;
  const names = Object.keys(kwargs);
  const bound = params
    ? bindNamed(definition, params, args, kwargs, names)
    : { positional: [...args], rest: names };
  checkMissing(definition, bound.positional);
  if (bound.rest.length > 0) {
    const wanted = params?.length ?? definition.required;
    while (bound.positional.length < wanted) bound.positional.push(undefined);
    bound.positional.push(pick(kwargs, bound.rest));
  }
  return bound.positional;
}

function bindNamed(
  definition: TaskDefinition,
  params: readonly string[],
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
  names: readonly string[],
): { positional: unknown[]; rest: string[] } {
  const label = functionLabel(definition);
  if (args.length > params.length && !hasRest(definition)) {
    throw new TaskTypeError(
      `${label} takes ${params.length} positional argument${params.length === 1 ? '' : 's'} but ${args.length} ${args.length === 1 ? 'was' : 'were'} given`,
    );
  }
  const positional = [...args];
  const rest: string[] = [];
  for (const name of names) {
    const index = params.indexOf(name);
    if (index < 0) rest.push(name);
    else if (index < args.length)
      throw new TaskTypeError(`${label} got multiple values for argument '${name}'`);
    else {
      while (positional.length < index) positional.push(MISSING);
      positional[index] = kwargs[name];
    }
  }
  if (rest.length > 0 && !takesTrailingObject(definition, params)) {
    throw new TaskTypeError(`${label} got an unexpected keyword argument '${rest[0] as string}'`);
  }
  return { positional, rest };
}

/** A parameter that no caller filled: an optional one gets undefined, so its default holds. */
const MISSING = Symbol('missing');

function checkMissing(definition: TaskDefinition, positional: unknown[]): void {
  const missing: number[] = [];
  for (let index = 0; index < Math.max(definition.required, positional.length); index++) {
    const absent = index >= positional.length || positional[index] === MISSING;
    if (absent && index < definition.required) missing.push(index);
    else if (absent) positional[index] = undefined;
  }
  if (missing.length === 0) return;
  const names = missing.map((index) => `'${definition.parameters[index] ?? `arg${index}`}'`);
  throw new TaskTypeError(
    `${functionLabel(definition)} missing ${missing.length} required positional argument${missing.length === 1 ? '' : 's'}: ${joined(names)}`,
  );
}

function takesTrailingObject(definition: TaskDefinition, params: readonly string[]): boolean {
  const bound = definition.options.bind ? 1 : 0;
  return parameterNames(definition.run).length - bound > params.length || hasRest(definition);
}

function hasRest(definition: TaskDefinition): boolean {
  return parameterTexts(definition.run).some((parameter) => parameter.startsWith('...'));
}

function functionLabel(definition: TaskDefinition): string {
  return `${definition.name.slice(definition.name.lastIndexOf('.') + 1)}()`;
}

function joined(names: readonly string[]): string {
  if (names.length < 3) return names.join(' and ');
  return `${names.slice(0, -1).join(', ')}, and ${names.at(-1) as string}`;
}

function pick(kwargs: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, unknown> {
  const picked: Record<string, unknown> = {};
  for (const name of names) {
    Object.defineProperty(picked, name, {
      value: kwargs[name],
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return picked;
}

/** Names of a function's parameters, read from its text; destructured ones are called `argN`. */
export function parameterNames(run: (...args: never[]) => unknown): string[] {
  return parameterTexts(run).map(
    (parameter, index) =>
      /^(?:\.\.\.)?([\p{ID_Start}$_][\p{ID_Continue}$]*)/u.exec(parameter)?.[1] ?? `arg${index}`,
  );
}

const textsOf = new WeakMap<(...args: never[]) => unknown, string[]>();

function parameterTexts(run: (...args: never[]) => unknown): string[] {
  let texts = textsOf.get(run);
  if (!texts) textsOf.set(run, (texts = readParameterTexts(Function.prototype.toString.call(run))));
  return texts;
}

/** Splits the parameter list of a function's source at its top-level commas. */
function readParameterTexts(source: string): string[] {
  const single = /^(?:async\s+)?([\p{ID_Start}$_][\p{ID_Continue}$]*)\s*=>/u.exec(source);
  if (single) return [single[1] as string];
  const open = source.indexOf('(');
  if (open < 0) return [];
  const texts: string[] = [];
  let depth = 0;
  let start = open + 1;
  for (let index = open + 1; index < source.length; index++) {
    const char = source[index] as string;
    if ('\'"`'.includes(char)) index = endOfString(source, index);
    else if ('([{'.includes(char)) depth++;
    else if (depth > 0 && ')]}'.includes(char)) depth--;
    else if (depth === 0 && (char === ',' || char === ')')) {
      texts.push(source.slice(start, index).trim());
      start = index + 1;
      if (char === ')') break;
    }
  }
  return texts.filter((parameter) => parameter !== '');
}

function endOfString(source: string, from: number): number {
  for (let index = from + 1; index < source.length; index++) {
    if (source[index] === '\\') index++;
    else if (source[index] === source[from]) return index;
  }
  return source.length;
}
