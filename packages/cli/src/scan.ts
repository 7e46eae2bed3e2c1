import { UsageError } from './errors.ts';
import { GLOBALS } from './globals.ts';
import { optionOf, takesNext } from './lookup.ts';

/** A command line before its options are read: enough to know whose they are. */
export interface Scanned {
  readonly command: string | undefined;
  /** All but the command's name, in order. */
  readonly others: readonly string[];
  readonly wants: 'help' | 'version' | undefined;
}

/** Finds the command: the first word that is neither an option nor the value of one. `help worker` is `worker --help`. */
export function scan(words: readonly string[]): Scanned {
  const at = commandAt(words);
  const ending = words.indexOf('--');
  const ours = ending === -1 ? words : words.slice(0, ending);
  if (at !== undefined && words[at] === 'help') {
    return { command: ours.slice(at + 1).find((word) => !word.startsWith('-')), others: [], wants: 'help' };
  }
  return {
    command: at === undefined ? undefined : words[at],
    others: at === undefined ? words : words.toSpliced(at, 1),
    wants: ours.some((word) => word === '--help' || word === '-h')
      ? 'help'
      : ours.includes('--version')
        ? 'version'
        : undefined,
  };
}

function commandAt(words: readonly string[]): number | undefined {
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as string;
    if (word === '--') return undefined;
    if (!word.startsWith('-') || word === '-') return at;
    if (!optionOf(word, GLOBALS)) {
      throw new UsageError(`${word} is not an option of tq itself.`, {
        remedy:
          word === '-V'
            ? 'Did you mean --version?'
            : `Options of a command stand after it: tq COMMAND ${word} …`,
      });
    }
    if (takesNext(word, GLOBALS)) at++;
  }
  return undefined;
}
