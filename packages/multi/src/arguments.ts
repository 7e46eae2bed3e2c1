import { constants } from 'node:os';
import { MultiUsageError } from './errors.ts';
import type { KnownOption, OptionTable } from './option-table.ts';

/** An option as it was given, for all nodes or for some. */
export interface Given {
  readonly key: string;
  /** With its dashes: `-c`, `--concurrency`. */
  readonly spelling: string;
  readonly value: string | undefined;
  /** Which nodes: `1-3`, `4,5`, `w1`. Undefined for all. */
  readonly nodes: string | undefined;
}

/** A command line of multi, taken apart. */
export interface Arguments {
  /** Those that are neither options nor their values: the names. */
  readonly words: readonly string[];
  readonly options: readonly Given[];
  /** `-KILL`, `-9` */
  readonly signal: NodeJS.Signals | undefined;
  /** What stands after `--`. */
  readonly rest: readonly string[];
}

/**
 * Takes a command line apart. Options that the table doesn't know follow Celery's rule: a short one takes the next word, unless it
 * begins with a dash; a long one has its value behind `=`. @throws MultiUsageError
 */
export function parseArguments(words: readonly string[], table: OptionTable): Arguments {
  const end = words.indexOf('--');
  // A script's "$OPTIONS" may be empty.
  const ours = (end === -1 ? words : words.slice(0, end)).filter((word) => word !== '');
  const found = { words: [] as string[], options: [] as Given[] };
  let signal: NodeJS.Signals | undefined;
  for (let at = 0; at < ours.length; at++) {
    const word = ours[at] as string;
    const named = signalNamed(word);
    if (named) signal = named;
    else if (!word.startsWith('-') || word === '-') found.words.push(word);
    else {
      const option = readOption(word, ours[at + 1], table);
      found.options.push(option.given);
      if (option.tookNext) at++;
    }
  }
  return { ...found, signal, rest: end === -1 ? [] : words.slice(end + 1) };
}

interface Read {
  readonly given: Given;
  readonly tookNext: boolean;
}

function readOption(word: string, next: string | undefined, table: OptionTable): Read {
  const { spelling, nodes, value } = split(word, table);
  const known = table(spelling);
  const given = { key: known?.key ?? spelling.replace(/^-+/, ''), spelling, nodes };
  if (value !== undefined) return { given: { ...given, value }, tookNext: false };
  const follows = next !== undefined && !next.startsWith('-');
  if (known?.takesValue && !follows)
    throw new MultiUsageError(`${word} needs a value.`, { remedy: exampleOf(spelling, nodes) });
  return takesNext(spelling, known) && follows
    ? { given: { ...given, value: next }, tookNext: true }
    : { given: { ...given, value: undefined }, tookNext: false };
}

function takesNext(spelling: string, known: KnownOption | undefined): boolean {
  return known ? known.takesValue : !spelling.startsWith('--');
}

function exampleOf(spelling: string, nodes: string | undefined): string {
  const scope = nodes === undefined ? '' : `:${nodes}`;
  return `For example: ${spelling}${scope}${spelling.startsWith('--') ? '=' : ' '}VALUE`;
}

interface Parts {
  readonly spelling: string;
  readonly nodes: string | undefined;
  readonly value: string | undefined;
}

/** `--concurrency:1-3=10`, `-c:1-3`, `-c4` */
function split(word: string, table: OptionTable): Parts {
  const short = word.slice(0, 2);
  if (!word.startsWith('--') && word.length > 2 && word[2] !== ':' && table(short)?.takesValue)
    return { spelling: short, nodes: undefined, value: word.slice(2) };
  const equals = word.indexOf('=');
  const head = equals === -1 ? word : word.slice(0, equals);
  const colon = head.indexOf(':');
  return {
    spelling: colon === -1 ? head : head.slice(0, colon),
    nodes: colon === -1 ? undefined : head.slice(colon + 1),
    value: equals === -1 ? undefined : word.slice(equals + 1),
  };
}

/** The signal of a word such as `-TERM`, `-SIGTERM` or `-15`. */
export function signalNamed(word: string): NodeJS.Signals | undefined {
  const given = /^-([A-Z][A-Z\d]+|\d+)$/.exec(word)?.[1];
  if (given === undefined) return undefined;
  return (Object.keys(constants.signals) as NodeJS.Signals[]).find(
    (name) => name === given || name === `SIG${given}` || String(constants.signals[name]) === given,
  );
}
