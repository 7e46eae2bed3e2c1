import { withOwnOptions } from './option-table.ts';
import type { OptionTable } from './option-table.ts';

export interface Manners {
  readonly isQuiet: boolean;
  readonly isVerbose: boolean;
  readonly showsSplash: boolean;
}

export interface Mannered {
  readonly command: string | undefined;
  /** All words but the command and those about manners. */
  readonly others: readonly string[];
  readonly manners: Manners;
}

const ABOUT_MANNERS: ReadonlySet<string> = new Set(['--quiet', '-q', '--verbose', '--nosplash']);

/** Finds the command, the first word that is no option, and how much is to be said of it. */
export function takeManners(words: readonly string[], options?: OptionTable): Mannered {
  const end = words.indexOf('--');
  const ours = end === -1 ? words : words.slice(0, end);
  const said = new Set(ours.filter((word) => ABOUT_MANNERS.has(word)));
  const others = words.filter((word, at) => (end !== -1 && at >= end) || !ABOUT_MANNERS.has(word));
  const at = commandAt(others, withOwnOptions(options));
  return {
    command: at === undefined ? undefined : others[at],
    others: at === undefined ? others : behind(others, at),
    manners: {
      isQuiet: said.has('--quiet') || said.has('-q'),
      isVerbose: said.has('--verbose'),
      showsSplash: !said.has('--nosplash'),
    },
  };
}

/** What stands before the command goes behind the rest, so that a command's own words come first. */
function behind(words: readonly string[], at: number): readonly string[] {
  const end = words.indexOf('--');
  const rest = end === -1 ? words.length : end;
  return [...words.slice(at + 1, rest), ...words.slice(0, at), ...words.slice(rest)];
}

function commandAt(words: readonly string[], table: OptionTable): number | undefined {
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as string;
    if (word === '--') return undefined;
    if (!word.startsWith('-')) return at;
    if (table(word)?.takesValue) at++;
  }
  return undefined;
}
