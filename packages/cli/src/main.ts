import { COMMANDS, NOT_YET } from './commands.ts';
import type { Command } from './command.ts';
import { wantsEarlyChild } from './early-child.ts';
import { UsageError } from './errors.ts';
import { EXIT } from './exit-codes.ts';
import { describeFailure } from './failure.ts';
import { scan } from './scan.ts';
import type { Scanned } from './scan.ts';
import { processTerminal, wantsColor } from './terminal.ts';
import type { Terminal } from './terminal.ts';

/**
 * Runs a command line, without `tq` itself, and resolves with its exit code. What isn't needed isn't loaded: neither
 * the parser for a help page, nor core for a usage error.
 */
export async function main(words: readonly string[], terminal: Terminal = processTerminal): Promise<number> {
  let scanned: Scanned | undefined;
  try {
    if (words[0] === 'completion' && words[1] === '--words')
      return await completeWords(words.slice(2), terminal);
    scanned = scan(words);
    if (scanned.wants === 'version') return await printVersion(terminal);
    if (scanned.wants === 'help' || words.length === 0) return await printHelp(scanned.command, terminal);
    return await withEarlyChild(scanned, async (all) => run(await commandNamed(all.command), all, terminal));
  } catch (error) {
    const debug = Boolean(terminal.env['TQ_DEBUG']);
    const { message, exitCode } = describeFailure(error, { command: scanned?.command, debug });
    terminal.stderr.write(`${message}\n`);
    return exitCode;
  }
}

/** A worker's first child process comes up while this one reads its options, loads the app and opens the broker. */
async function withEarlyChild(
  scanned: Scanned,
  then: (scanned: Scanned) => Promise<number>,
): Promise<number> {
  if (!wantsEarlyChild(scanned.command, scanned.others)) return then(scanned);
  const { dropEarlyChild, startEarlyChild } = await import('@tq/worker/early');
  startEarlyChild();
  try {
    return await then(scanned);
  } finally {
    dropEarlyChild();
  }
}

async function run(command: Command, { others }: Scanned, terminal: Terminal): Promise<number> {
  if (command.takesAnything) return runAsItIs(command, others, terminal);
  const { parse } = await import('./parse.ts');
  const { globals, ...input } = await parse(command, others);
  const { applyGlobals, Program } = await import('./program.ts');
  const startedIn = process.cwd();
  await applyGlobals(globals);
  return command.run(input, new Program({ terminal, globals, startedIn }));
}

async function runAsItIs(command: Command, words: readonly string[], terminal: Terminal): Promise<number> {
  const { Program } = await import('./program.ts');
  const program = new Program({ terminal, globals: {}, startedIn: process.cwd() });
  return command.run({ options: {}, words, rest: [] }, program);
}

async function commandNamed(name: string | undefined): Promise<Command> {
  if (name === undefined)
    throw new UsageError('Which command?', {
      remedy: `tq has ${Object.keys(COMMANDS).join(', ')}; tq --help tells more.`,
    });
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (entry) return entry.load();
  if (NOT_YET.includes(name))
    throw new UsageError(`tq doesn't have Celery's command ${name} yet.`, {
      remedy: `It has ${Object.keys(COMMANDS).join(', ')}.`,
    });
  const { didYouMean } = await import('@tq/core/internal');
  const near = didYouMean(name, Object.keys(COMMANDS));
  throw new UsageError(`tq has no command ${JSON.stringify(name)}.`, {
    remedy: near
      ? `Did you mean tq ${near}?`
      : `It has ${Object.keys(COMMANDS).join(', ')}; tq --help tells more.`,
  });
}

async function printHelp(name: string | undefined, terminal: Terminal): Promise<number> {
  const { commandHelp, programHelp } = await import('./help.ts');
  const isColored = wantsColor(terminal.stdout, terminal.env, false);
  const page = {
    width: Math.min(terminal.stdout.columns ?? 100, 110),
    heading: (text: string) => (isColored ? `\u001B[1m${text}\u001B[22m` : text),
  };
  if (name === undefined) {
    const { versionText } = await import('./version.ts');
    terminal.stdout.write(programHelp(versionText(), page));
  } else {
    terminal.stdout.write(commandHelp(await commandNamed(name), page));
  }
  return EXIT.ok;
}

async function printVersion(terminal: Terminal): Promise<number> {
  const { versionText } = await import('./version.ts');
  terminal.stdout.write(`${versionText()}\n`);
  return EXIT.ok;
}

async function completeWords(words: readonly string[], terminal: Terminal): Promise<number> {
  const { completions } = await import('./complete.ts');
  const found = await completions(words);
  terminal.stdout.write(found.map((line) => `${line}\n`).join(''));
  return EXIT.ok;
}
