import { COMMANDS } from '@tq/control/commands';
import type { CommandFacts } from '@tq/core';
import { choice, duration, flag, list, text } from './option-kinds.ts';

/** Options of all commands that speak to workers. */
export const REMOTE_OPTIONS = {
  destination: list('NAMES', 'Only these workers, comma-separated', { short: 'd', otherwise: 'all' }),
  pattern: text('PATTERN', 'Only workers whose name fits, such as worker*@eu-*'),
  matcher: choice('KIND', ['glob', 'pcre'], 'How the pattern is read', { otherwise: 'glob' }),
  timeout: duration('Wait no longer for answers', { short: 't', otherwise: '1' }),
  json: flag('Print JSON: {"worker": answer}', { short: 'j' }),
  list: flag('Print the methods and what they take'),
};

/** Methods and their meanings, for the help. */
export function commandList(
  kind: CommandFacts['kind'],
): readonly (readonly [name: string, meaning: string])[] {
  return shown(COMMANDS, kind);
}

export function commandNames(kind: CommandFacts['kind']): readonly string[] {
  return (COMMANDS as readonly CommandFacts[])
    .filter((command) => command.kind === kind && command.visible !== false)
    .map(({ name }) => name);
}

export function shown(
  commands: readonly CommandFacts[],
  kind: CommandFacts['kind'],
): readonly (readonly [name: string, meaning: string])[] {
  return commands
    .filter((command) => command.kind === kind && command.visible !== false)
    .map((command) => [[command.name, signatureOf(command)].join(' ').trim(), command.help] as const);
}

/** What a command takes, as its help says it. */
export function signatureOf({ signature, args = [], variadic }: CommandFacts): string {
  if (signature !== undefined) return signature;
  const words = args.map(({ name, optional }) => (optional ? `[${name}]` : name));
  return [...words, ...(variadic === undefined ? [] : [`[${variadic}…]`])].join(' ');
}
