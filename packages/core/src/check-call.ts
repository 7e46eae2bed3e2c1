import { inspect } from 'node:util';
import { KNOWN_OPTIONS } from './call-options.ts';
import type { CallOptions } from './call-options.ts';
import { didYouMean } from './did-you-mean.ts';
import { ImproperlyConfigured } from './errors.ts';
import { toCamel } from './spelling.ts';

/** What an option has to be; a value of null stands for one that isn't given. */
interface Kind {
  readonly what: string;
  readonly fits: (value: unknown) => boolean;
}

const text: Kind = { what: 'a text', fits: (value) => typeof value === 'string' };
const object: Kind = {
  what: 'an object',
  fits: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
};
const yesOrNo: Kind = { what: 'true or false', fits: (value) => typeof value === 'boolean' };
const priority: Kind = {
  what: 'a whole number from 0 to 255',
  fits: (value) => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 255,
};

const TEXTS = [
  'queue',
  'exchange',
  'exchangeType',
  'routingKey',
  'replyTo',
  'serializer',
  'compression',
  'taskId',
  'rootId',
  'parentId',
  'groupId',
  'shadow',
] satisfies (keyof CallOptions)[];
const OBJECTS = ['kwargs', 'headers', 'stamps', 'retryPolicy'] satisfies (keyof CallOptions)[];
const FLAGS = ['ignoreResult', 'retry', 'addToParent'] satisfies (keyof CallOptions)[];

const KINDS: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ...TEXTS.map((name) => [name, text] as const),
  ...OBJECTS.map((name) => [name, object] as const),
  ...FLAGS.map((name) => [name, yesOrNo] as const),
  ['priority', priority],
]);

/**
 * What is wrong with a call as it was written, before anything is made of it: a mistyped option would send it elsewhere without
 * a word. Times and signatures are checked where they are read.
 */
export function faultOfCall(task: string, args: unknown, options: unknown): ImproperlyConfigured | undefined {
  if (typeof task !== 'string' || task === '')
    return new ImproperlyConfigured(`A call needs the name of a task, not ${describe(task)}.`);
  if (!Array.isArray(args))
    return new ImproperlyConfigured(
      `A call of ${task} takes its arguments as a list, then options: ([2, 2], { countdown: 10 }); not ${describe(args)}.`,
    );
  if (!object.fits(options))
    return new ImproperlyConfigured(
      `The options of a call of ${task} are an object, not ${describe(options)}.`,
    );
  for (const [name, value] of Object.entries(options as object)) {
    if (!KNOWN_OPTIONS.has(name)) return unknownOption(task, name);
    const kind = KINDS.get(name);
    if (kind === undefined || value === undefined || value === null || kind.fits(value)) continue;
    return new ImproperlyConfigured(
      `The option ${name} of a call of ${task} must be ${kind.what}, not ${describe(value)}.`,
    );
  }
  return undefined;
}

function unknownOption(task: string, name: string): ImproperlyConfigured {
  const near = didYouMean(toCamel(name), KNOWN_OPTIONS);
  const remedy = near ? `Did you mean ${near}?` : 'Named arguments go into kwargs: { … }.';
  return new ImproperlyConfigured(`A call of ${task} has no option ${JSON.stringify(name)}. ${remedy}`);
}

/** The same, thrown. @throws ImproperlyConfigured */
export function checkCall(task: string, args: unknown, options: unknown): void {
  const fault = faultOfCall(task, args, options);
  if (fault) throw fault;
}

/** Whether a value can be the priority of a message. */
export function isPriority(value: unknown): boolean {
  return priority.fits(value);
}

function describe(value: unknown): string {
  return inspect(value, { depth: 1, breakLength: Infinity, maxArrayLength: 5, maxStringLength: 60 });
}
