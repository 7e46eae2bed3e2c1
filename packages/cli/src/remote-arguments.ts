import type { CommandArgument, CommandFacts } from '@tq/core';
import { UsageError } from './errors.ts';
import { signatureOf } from './remote-options.ts';

/** The words of a command line as a command's arguments. @throws UsageError */
export function remoteArguments(
  command: CommandFacts,
  words: readonly string[],
): Readonly<Record<string, unknown>> {
  const { args = [], variadic } = command;
  const missing = args.slice(words.length).find(({ optional }) => !optional);
  if (missing) throw wrong(command, `needs ${missing.name}`);
  const further = words.slice(args.length);
  if (further.length > 0 && variadic === undefined)
    throw wrong(command, `doesn't know what to do with ${JSON.stringify(further[0])}`);
  const values = args
    .slice(0, words.length)
    .map((argument, at) => [argument.name, valueOf(command, argument, words[at] as string)] as const);
  return {
    ...Object.fromEntries(values),
    ...(variadic !== undefined && (further.length > 0 || args.length === 0) ? { [variadic]: further } : {}),
  };
}

function valueOf(command: CommandFacts, { name, type = 'string' }: CommandArgument, word: string): unknown {
  switch (type) {
    case 'string':
      return word;
    case 'integer':
    case 'number': {
      const number = Number(word);
      const fits = type === 'integer' ? Number.isSafeInteger(number) : Number.isFinite(number);
      if (!fits || word.trim() === '')
        throw wrong(
          command,
          `takes a ${type === 'integer' ? 'whole ' : ''}number as ${name}, not ${JSON.stringify(word)}`,
        );
      return number;
    }
    case 'boolean':
      // `active safe` says the same as `active true`.
      if (/^(true|yes|on|1)$/i.test(word) || word === name) return true;
      if (/^(false|no|off|0)$/i.test(word)) return false;
      throw wrong(command, `takes true or false as ${name}, not ${JSON.stringify(word)}`);
    case 'json':
      try {
        return JSON.parse(word);
      } catch {
        throw wrong(command, `takes JSON as ${name}, not ${JSON.stringify(word)}`);
      }
  }
}

function wrong(command: CommandFacts, what: string): UsageError {
  return new UsageError(`${command.name} ${what}.`, {
    remedy: `Usage: tq ${command.kind} ${`${command.name} ${signatureOf(command)}`.trim()}`,
  });
}
