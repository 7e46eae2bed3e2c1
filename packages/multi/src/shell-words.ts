import { MultiUsageError } from './errors.ts';

const WORD = /(?:[^\s'"\\]|\\.|'[^']*'|"(?:[^"\\]|\\.)*")+/gs;
const PIECE = /\\(.)|'([^']*)'|"((?:[^"\\]|\\.)*)"|([^'"\\]+)/gs;

/** A line's words, as a shell would have them: quotes and backslashes are understood, nothing else is. @throws MultiUsageError */
export function splitWords(line: string): readonly string[] {
  if (line.replace(WORD, '').trim() !== '')
    throw new MultiUsageError(`A quote is left open in ${JSON.stringify(line)}.`);
  return [...line.matchAll(WORD)].map(([word]) =>
    word.replace(PIECE, (_, escaped?: string, single?: string, double?: string, plain?: string) =>
      double === undefined ? (escaped ?? single ?? plain ?? '') : double.replace(/\\(["\\$`])/g, '$1'),
    ),
  );
}

/** Words as a line that a shell takes apart into the same words. */
export function joinWords(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./~^-]+$/.test(word) ? word : quoted(word))).join(' ');
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
