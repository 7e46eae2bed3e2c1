import type { App, AskOptions, CommandFacts, Replies } from '@tq/core';
import { didYouMean, durationMs } from '@tq/core/internal';
import { COMMANDS } from '@tq/control/commands';
import type { Input, Values } from './command.ts';
import { UsageError } from './errors.ts';
import { EXIT } from './exit-codes.ts';
import type { Program } from './program.ts';
import { remoteArguments } from './remote-arguments.ts';
import { shown } from './remote-options.ts';
import type { REMOTE_OPTIONS } from './remote-options.ts';
import { online, replyText } from './remote-text.ts';

type Given = Values<typeof REMOTE_OPTIONS>;

/** `tq inspect` and `tq control`. Resolves with the exit code. */
export async function callRemote(
  kind: CommandFacts['kind'],
  { words: [name, ...words], options }: Input<typeof REMOTE_OPTIONS>,
  program: Program,
): Promise<number> {
  const app = await program.appOrBroker();
  return program.withApp(app, async () => {
    if (options.list) return printList(kind, await withOwn(app, program), program);
    if (name === undefined)
      throw new UsageError(`tq ${kind} needs a METHOD.`, {
        remedy: `tq ${kind} --help lists them: ${names(kind, COMMANDS).join(', ')}.`,
      });
    const command = await commandNamed(kind, name, app, program);
    const args = remoteArguments(command, words);
    if (command.answers === false) return tell(app, command, args, options, program);
    const result = await ask(app, command, args, options, program);
    return report(result, options, program, true);
  });
}

/** `tq status`. */
export async function showStatus(options: Omit<Given, 'list'>, program: Program): Promise<number> {
  const app = await program.appOrBroker();
  return program.withApp(app, async () =>
    report(await ask(app, PING, {}, options, program), options, program, false),
  );
}

const PING = (COMMANDS as readonly CommandFacts[]).find(({ name }) => name === 'ping') as CommandFacts;

/** Answers are printed as they come, unless they are to be one JSON value. */
async function ask(
  app: App,
  command: CommandFacts,
  args: Readonly<Record<string, unknown>>,
  given: Omit<Given, 'list'>,
  program: Program,
): Promise<{ readonly replies: Replies; readonly timeoutS: number }> {
  const timeout = given.timeout ?? command.defaultTimeout ?? 1;
  const { replies, silent } = await app.control.ask(command.name, args, { ...addressees(given), timeout });
  const timeoutS = durationMs(timeout, 'timeout') / 1000;
  if (silent.length > 0 && Object.keys(replies).length > 0)
    program.out.note(`No answer within ${timeoutS} s from ${silent.join(', ')}.`);
  return { replies, timeoutS };
}

function report(
  { replies, timeoutS }: { readonly replies: Replies; readonly timeoutS: number },
  { json, destination }: Omit<Given, 'list'>,
  program: Program,
  withBody: boolean,
): number {
  const { out, globals } = program;
  const nodes = Object.keys(replies).sort();
  if (json) out.json(Object.fromEntries(nodes.map((node) => [node, replies[node]])));
  else {
    for (const node of nodes) out.print(replyText(node, replies[node], withBody));
    if (nodes.length > 0 && !globals.quiet) out.print(`\n${online(nodes.length)}`);
  }
  if (nodes.length > 0) return EXIT.ok;
  const whose = destination ? `None of ${destination.join(', ')} has` : 'No node has';
  out.complain(
    `tq: ${whose} replied within ${timeoutS} s. Is a worker running on this broker? Where answers take long, -t waits longer.`,
  );
  return EXIT.unavailable;
}

/** Nobody answers such a command, so first it's asked who is there. */
async function tell(
  app: App,
  command: CommandFacts,
  args: Readonly<Record<string, unknown>>,
  given: Given,
  program: Program,
): Promise<number> {
  const result = await ask(app, PING, {}, given, program);
  const nodes = Object.keys(result.replies);
  if (nodes.length > 0) await app.control.broadcast(command.name, args, addressees(given));
  const replies = Object.fromEntries(nodes.map((node) => [node, { ok: `${command.name} sent` }]));
  return report({ ...result, replies }, given, program, true);
}

function addressees({ destination, pattern, matcher }: Omit<Given, 'list'>): AskOptions {
  return {
    ...(destination && destination.length > 0 ? { destination } : {}),
    ...(pattern === undefined ? {} : { pattern }),
    ...(matcher === undefined ? {} : { matcher }),
  };
}

/** One that every worker knows, or one of the app's own. @throws UsageError */
async function commandNamed(
  kind: CommandFacts['kind'],
  name: string,
  app: App,
  program: Program,
): Promise<CommandFacts> {
  const find = (commands: readonly CommandFacts[]): CommandFacts | undefined =>
    commands.find((command) => command.name === name || command.alias === name);
  const known: readonly CommandFacts[] = find(COMMANDS) ? COMMANDS : await withOwn(app, program);
  const command = find(known);
  if (command?.kind === kind) return command;
  if (command)
    throw new UsageError(`${name} is no method of tq ${kind}.`, {
      remedy: `It is: tq ${command.kind} ${name}`,
    });
  const near = didYouMean(name, names(kind, known));
  throw new UsageError(`tq ${kind} has no method ${JSON.stringify(name)}.`, {
    remedy: near ? `Did you mean ${near}?` : `It has ${names(kind, known).join(', ')}.`,
  });
}

/** The modules with tasks may be what adds commands. */
async function withOwn(app: App, program: Program): Promise<readonly CommandFacts[]> {
  if (program.appSpec !== undefined) await program.importModules(app);
  const own = [...app.commands.values()];
  const replaced = new Set(own.map(({ name }) => name));
  return [...(COMMANDS as readonly CommandFacts[]).filter(({ name }) => !replaced.has(name)), ...own];
}

async function printList(
  kind: CommandFacts['kind'],
  commands: readonly CommandFacts[],
  program: Program,
): Promise<number> {
  const { table } = await import('./columns.ts');
  program.out.print(table(shown(commands, kind).map((row) => [...row])));
  return EXIT.ok;
}

function names(kind: CommandFacts['kind'], commands: readonly CommandFacts[]): readonly string[] {
  return commands.filter((one) => one.kind === kind && one.visible !== false).map(({ name }) => name);
}
