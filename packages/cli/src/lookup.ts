import { longName } from './command.ts';
import type { Option, Options } from './command.ts';

export type Found = readonly [key: string, option: Option];

/** The option that a word such as `-l`, `-linfo`, `--loglevel` or `--loglevel=info` begins. */
export function optionOf(word: string, options: Options): Found | undefined {
  return word.startsWith('--')
    ? optionNamed(word.slice(2).split('=')[0] ?? '', options)
    : optionLettered(word.charAt(1), options);
}

function optionNamed(name: string, options: Options): Found | undefined {
  return Object.entries(options).find(([key, { also }]) => longName(key) === name || also?.includes(name));
}

function optionLettered(letter: string, options: Options): Found | undefined {
  return letter === '' ? undefined : Object.entries(options).find(([, { short }]) => short?.includes(letter));
}

/** Whether the next word is the value of this one. */
export function takesNext(word: string, options: Options): boolean {
  const hasValueAlready = word.startsWith('--') ? word.includes('=') : word.length > 2;
  const found = hasValueAlready ? undefined : optionOf(word, options);
  return found !== undefined && found[1].kind !== 'flag';
}

/** `-linfo` and `-c4` as `-l info` and `-c 4`; groups of flags stay as they are. */
export function detached(words: readonly string[], options: Options): readonly string[] {
  const ending = words.indexOf('--');
  const result: string[] = [];
  for (const [at, word] of words.entries()) {
    const isOption =
      (ending === -1 || at < ending) &&
      /^-[A-Za-z][^=]/.test(word) &&
      !takesNext(words[at - 1] ?? '', options);
    const kind = isOption ? optionOf(word, options)?.[1].kind : undefined;
    if (kind === undefined || kind === 'flag') result.push(word);
    else result.push(word.slice(0, 2), word.slice(2));
  }
  return result;
}
