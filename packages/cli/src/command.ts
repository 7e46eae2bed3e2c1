import type { Program } from './program.ts';

/** One option: what the parser, the help and the completion know of it. Made by the functions below. */
export interface Option<T = unknown> {
  /** A flag takes no value; of values the last one counts, of lists all. */
  readonly kind: 'flag' | 'value' | 'list';
  readonly help: string;
  /** One letter; those after it are accepted and not shown. */
  readonly short?: string;
  /** Further long names. */
  readonly also?: readonly string[];
  /** How the help calls the value. */
  readonly placeholder: string;
  /** What holds when it isn't given, as the help says it. */
  readonly otherwise?: string;
  /** Variables that are read in its place, in this order. */
  readonly env?: readonly string[];
  /** Heading in the help. @default Options */
  readonly group?: string;
  readonly choices?: readonly string[];
  /** Left out of the help and the completion. */
  readonly hidden?: boolean;
  /** Makes the value of its text; throws UsageError saying what's wrong with it. */
  read(text: string): T;
}

export type Options = Readonly<Record<string, Option>>;

/** What a command gets of its options; those not given are absent. */
export type Values<O extends Options> = {
  readonly [K in keyof O]?: O[K] extends Option<infer T>
    ? O[K]['kind'] extends 'list'
      ? readonly T[]
      : T
    : never;
};

/** A word after the command's name. */
export interface Positional {
  readonly name: string;
  readonly help: string;
  readonly choices?: readonly string[];
  readonly optional?: boolean;
  /** Takes all further words. Only the last one can. */
  readonly many?: boolean;
  /** What it may be, among other things. */
  readonly suggestions?: readonly string[];
}

export interface Input<O extends Options> {
  readonly options: Values<O>;
  readonly words: readonly string[];
  /** What stands after `--`. */
  readonly rest: readonly string[];
}

export interface Command<O extends Options = Options> {
  readonly name: string;
  /** Paragraphs between the usage line and the options. */
  readonly about?: readonly string[];
  readonly words?: readonly Positional[];
  /** More for the help, in two columns. */
  readonly lists?: readonly {
    readonly heading: string;
    readonly rows: readonly (readonly [name: string, meaning: string])[];
  }[];
  /** What may stand after `--`, for the usage line. */
  readonly rest?: string;
  readonly options: O;
  /** Everything behind its name is left to it, as words; its options are there for the help. */
  readonly takesAnything?: boolean;
  /** Command lines, without `tq`, and what they do. */
  readonly examples: readonly (readonly [line: string, meaning: string])[];
  /** Resolves with the exit code. */
  run(input: Input<O>, program: Program): Promise<number>;
}

/** Ties the types of a command's options to what it runs. */
export function defineCommand<const O extends Options>(command: Command<O>): Command<O> {
  return command;
}

/** `maxTasksPerChild` → `max-tasks-per-child` */
export function longName(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The ways to write an option, as the help shows them: `-l`, `--loglevel`. */
export function spellings(key: string, option: Option): readonly string[] {
  const letter = option.short?.charAt(0);
  return [
    ...(letter === undefined ? [] : [`-${letter}`]),
    `--${longName(key)}`,
    ...(option.also ?? []).map((name) => `--${name}`),
  ];
}

/** Every name of an option, without dashes. */
export function namesOf(key: string, option: Option): readonly string[] {
  return [longName(key), ...(option.short ?? '').split(''), ...(option.also ?? [])];
}
