import { longName } from './command.ts';
import type { Options } from './command.ts';
import { UsageError } from './errors.ts';
import { GLOBALS } from './globals.ts';

/** A command line before its options are read: enough to know whose they are. */
export interface Scanned {
  readonly command: string | undefined;
  /** All but the command's name, in order. */
  readonly others: readonly string[];
  readonly wants: 'help' | 'version' | undefined;
}

/** Finds the command: the first word that isn't an option, nor the value of one. */
export function scan(argv: readonly string[]): Scanned {
  const at = commandAt(argv);
  const ending = argv.indexOf('--');
  const options = ending === -1 ? argv : argv.slice(0, ending);
  const before = at === undefined ? options : options.slice(0, at);
  return {
    command: at === undefined ? undefined : argv[at],
    others: at === undefined ? argv : argv.toSpliced(at, 1),
    wants: options.some((word) => word === '--help' || word === '-h') ? 'help' : before.includes('--version') ? 'version' : undefined,
  };
}

function commandAt(argv: readonly string[]): number | undefined {
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] as string;
    if (word === '--') return undefined;
    if (!word.startsWith('-')) return at;
    if (!isKnown(word)) {
      throw new UsageError(`${word} is not an option of tq itself.`, { remedy: `Options of a command stand after it: tq COMMAND ${word} ….` });
    }
    if (takesNext(word, GLOBALS)) at++;
  }
  return undefined;
}

function isKnown(word: string): boolean {
  return word.startsWith('--') ? optionNamed(word.slice(2).split('=')[0] ?? '', GLOBALS) !== undefined : optionLettered(word[1] ?? '', GLOBALS) !== undefined;
}

/** Whether the word after this one is its value. */
export function takesNext(word: string, options: Options): boolean {
  if (word.startsWith('--')) return !word.includes('=') && takesValue(optionNamed(word.slice(2), options));
  return word.length === 2 && takesValue(optionLettered(word[1] ?? '', options));
}

/** `-linfo` as `-l info`, which the parser knows. */
export function detached(argv: readonly string[], options: Options): readonly string[] {
  const ending = argv.indexOf('--');
  return argv.flatMap((word, at) => {
    const isAttached = (ending === -1 || at < ending) && /^-[A-Za-z][^=]/.test(word) && takesValue(optionLettered(word[1] as string, options));
    return isAttached && !isValue(argv, at, options) ? [word.slice(0, 2), word.slice(2)] : [word];
  });
}

function isValue(argv: readonly string[], at: number, options: Options): boolean {
  return at > 0 && takesNext(argv[at - 1] as string, options);
}

export function optionNamed(name: string, options: Options): string | undefined {
  return Object.entries(options).find(([key, { also }]) => longName(key) === name || also?.includes(name))?.[0];
}

export function optionLettered(letter: string, options: Options): string | undefined {
  return letter === '' ? undefined : Object.entries(options).find(([, { short }]) => short?.includes(letter))?.[0];
}

function takesValue(key: string | undefined): boolean;
function takesValue(key: string | undefined): boolean {
  return key !== undefined;
}
