import type yargs from 'yargs';
import { longName, namesOf, spellings } from './command.ts';
import type { Command, Input, Option, Options } from './command.ts';
import { UsageError } from './errors.ts';
import { GLOBALS } from './globals.ts';
import type { Globals } from './globals.ts';
import { optionLabel, usage } from './help.ts';
import { detached } from './lookup.ts';

export interface Parsed<O extends Options> extends Input<O> {
  readonly globals: Globals;
}

type Raw = Readonly<Record<string, unknown>>;

/** Reads a command's options and words, those of every command among them. @throws UsageError */
export async function parse<O extends Options>(
  command: Command<O>,
  words: readonly string[],
): Promise<Parsed<O>> {
  const options = { ...GLOBALS, ...command.options };
  const { default: makeParser } = await import('yargs');
  const raw = read(makeParser, options, detached(words, options));
  await refuseUnknown(raw, options, command);
  const given = (raw['_'] as readonly unknown[]).map(String);
  const all = await suggesting(() => {
    checkWords(given, command);
    return valuesOf(raw, options);
  });
  return {
    globals: all as Globals,
    options: all as Parsed<O>['options'],
    words: given,
    rest: restOf(raw, command),
  };
}

function read(makeParser: typeof yargs, options: Options, words: readonly string[]): Raw {
  const parser = makeParser([...words])
    .locale('en')
    .help(false)
    .version(false)
    .exitProcess(false)
    .fail((message, error) => {
      throw error instanceof UsageError ? error : new UsageError(worded(message, options), { cause: error });
    })
    .parserConfiguration({
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'populate--': true,
    });
  for (const [key, option] of Object.entries(options)) {
    const [name = '', ...alias] = namesOf(key, option);
    parser.option(
      name,
      option.kind === 'flag' ? { alias, type: 'boolean' } : { alias, type: 'string', requiresArg: true },
    );
  }
  return parser.parseSync() as Raw;
}

/** The parser's one complaint, about an option at the end or before another one. */
function worded(message: string, options: Options): string {
  const name = /following: (\S+)/.exec(message)?.[1];
  const found = Object.entries(options).find(
    ([key, option]) => name !== undefined && namesOf(key, option).includes(name),
  );
  return found ? `${optionLabel(...found)} needs a value: ${found[1].placeholder}.` : message;
}

async function refuseUnknown(raw: Raw, options: Options, command: Command): Promise<void> {
  const all = Object.entries(options);
  const known = new Set(['_', '$0', '--', ...all.flatMap(([key, option]) => namesOf(key, option))]);
  const name = Object.keys(raw).find((key) => !known.has(key));
  if (name === undefined) return;
  const written = name.length === 1 ? `-${name}` : `--${name}`;
  const { didYouMean } = await import('@tq/core/internal');
  const near =
    name.length === 1
      ? undefined
      : didYouMean(
          written,
          all.flatMap(([key, option]) => spellings(key, option)),
        );
  throw new UsageError(
    `tq ${command.name} has no option ${written}.`,
    near === undefined ? {} : { remedy: `Did you mean ${near}?` },
  );
}

/** What a mistaken word may have meant goes into the error; looked up only then, as it is core that knows how. */
async function suggesting<T>(read: () => T): Promise<T> {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof UsageError) || !error.mistaken) throw error;
    const { didYouMean } = await import('@tq/core/internal');
    const near = didYouMean(error.mistaken.word, error.mistaken.choices);
    if (near === undefined) throw error;
    throw new UsageError(error.message, { remedy: `Did you mean ${near}?`, cause: error });
  }
}

function checkWords(given: readonly string[], command: Command): void {
  const wanted = command.words ?? [];
  const missing = wanted.slice(given.length).find(({ optional }) => !optional);
  if (missing)
    throw new UsageError(
      `tq ${command.name} needs ${missing.choices ? `a word more, ${missing.choices.join(' or ')}` : `${missing.name}: ${missing.help}`}.`,
      { remedy: `Usage: ${usage(command)}` },
    );
  if (given.length > wanted.length && !wanted.at(-1)?.many) {
    throw new UsageError(
      `tq ${command.name} doesn't know what to do with ${JSON.stringify(given[wanted.length])}.`,
      { remedy: `Usage: ${usage(command)}` },
    );
  }
  for (const [at, { name, choices }] of wanted.entries()) {
    const word = given[at];
    if (word !== undefined && choices && !choices.includes(word)) {
      throw new UsageError(`${name} must be ${choices.join(' or ')}, not ${JSON.stringify(word)}.`, {
        remedy: `Usage: ${usage(command)}`,
        mistaken: { word, choices },
      });
    }
  }
}

function restOf(raw: Raw, command: Command): readonly string[] {
  const rest = ((raw['--'] as readonly unknown[] | undefined) ?? []).map(String);
  if (rest.length > 0 && command.rest === undefined)
    throw new UsageError(`tq ${command.name} takes nothing after "--".`, {
      remedy: `Usage: ${usage(command)}`,
    });
  return rest;
}

function valuesOf(raw: Raw, options: Options): Readonly<Record<string, unknown>> {
  const values: Record<string, unknown> = {};
  for (const [key, option] of Object.entries(options)) {
    const given = raw[longName(key)];
    if (given !== undefined && given !== false) values[key] = valueOf(key, option, given);
  }
  return values;
}

/** What is given twice arrives as a list. */
function valueOf(key: string, option: Option, given: unknown): unknown {
  const texts = [given].flat().map(String);
  try {
    if (option.kind !== 'list') return option.read(texts.at(-1) as string);
    return texts
      .flatMap((text) => text.split(','))
      .map((text) => text.trim())
      .filter((text) => text !== '')
      .map((text) => option.read(text));
  } catch (error) {
    if (error instanceof UsageError)
      throw new UsageError(`${optionLabel(key, option)} ${error.message}.`, {
        ...(error.mistaken ? { mistaken: error.mistaken } : {}),
        cause: error,
      });
    throw error;
  }
}
