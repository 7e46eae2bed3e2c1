import { spellings } from './command.ts';
import type { Command, Options } from './command.ts';
import { COMMANDS } from './commands.ts';
import { GLOBALS } from './globals.ts';
import { optionOf, takesNext } from './lookup.ts';
import { scan } from './scan.ts';

/** What may stand in place of the last word, as lines of `word<tab>meaning`; none where files may. */
export async function completions(words: readonly string[]): Promise<readonly string[]> {
  const last = words.at(-1) ?? '';
  const before = words.slice(0, -1).filter((word) => word !== '=');
  if (before.includes('--')) return [];
  const command = await commandOf(before);
  const options: Options = { ...GLOBALS, ...command?.options };
  return candidates(last, before, command, options)
    .filter(([word]) => word.startsWith(last === '=' ? '' : last))
    .map(([word, meaning]) => `${word}\t${meaning}`);
}

type Candidate = readonly [word: string, meaning: string];

function candidates(
  last: string,
  before: readonly string[],
  command: Command | undefined,
  options: Options,
): readonly Candidate[] {
  const previous = before.at(-1) ?? '';
  if (takesNext(previous, options))
    return (optionOf(previous, options)?.[1].choices ?? []).map((choice) => [choice, '']);
  if (last.startsWith('-')) return optionCandidates(options);
  if (command)
    return (command.words ?? []).flatMap(({ choices, suggestions, help }) =>
      (choices ?? suggestions ?? []).map((choice) => [choice, help] as const),
    );
  return Object.entries(COMMANDS).map(([name, { summary }]) => [name, summary]);
}

function optionCandidates(options: Options): readonly Candidate[] {
  return Object.entries(options)
    .filter(([, option]) => !option.hidden)
    .flatMap(([key, option]) => spellings(key, option).map((name) => [name, option.help] as const));
}

/** A line that isn't right yet has no command. */
async function commandOf(words: readonly string[]): Promise<Command | undefined> {
  try {
    const name = scan(words).command;
    return name !== undefined && Object.hasOwn(COMMANDS, name) ? await COMMANDS[name]?.load() : undefined;
  } catch {
    return undefined;
  }
}
