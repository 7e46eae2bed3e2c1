import type { EventEmitter } from 'node:events';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { Recoverable, start } from 'node:repl';
import type { REPLServer } from 'node:repl';
import { PassThrough } from 'node:stream';
import type { AnyTask, App } from '@tq/core';
import { deferred, toError } from '@tq/core/internal';
import { importFile } from '@tq/worker/load';
import { EXIT } from './exit-codes.ts';
import type { Program } from './program.ts';
import { wantsColor } from './terminal.ts';

/** Opens a console on an app; resolves with the exit code when it is left. */
export async function openShell(
  app: App,
  options: { readonly program: Program; readonly withTasks: boolean },
): Promise<number> {
  const { program, withTasks } = options;
  if (withTasks) await program.importModules(app);
  const names = namesOf(app);
  return program.terminal.stdin.isTTY ? converse(app, names, program) : obey(names, program);
}

/** What the console has: tasks by the last part of their names, where it is free. */
export function namesOf(app: App): Readonly<Record<string, unknown>> {
  const names: Record<string, unknown> = {
    app,
    tasks: Object.fromEntries(app.tasks),
    signature: app.signature.bind(app),
    asyncResult: app.asyncResult.bind(app),
    importFile: (file: string) => importFile(resolve(file)),
  };
  for (const [name, task] of app.tasks as ReadonlyMap<string, AnyTask>) {
    const short = name.slice(name.lastIndexOf('.') + 1);
    if (!Object.hasOwn(names, short) && /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(short))
      names[short] = task;
  }
  return names;
}

/** With a person: prompt, history, colours. */
async function converse(
  app: App,
  names: Readonly<Record<string, unknown>>,
  { terminal, globals, out }: Program,
): Promise<number> {
  out.note(`This is ${app.name}, with ${Object.keys(names).join(', ')}. Ctrl-D leaves.`);
  const server = start({
    input: terminal.stdin,
    output: terminal.stdout,
    prompt: `${app.name}> `,
    terminal: true,
    useColors: wantsColor(terminal.stdout, terminal.env, globals.noColor ?? false),
    ignoreUndefined: true,
  });
  Object.assign(server.context, names);
  const history = terminal.env['TQ_SHELL_HISTORY'] ?? join(homedir(), '.tq_shell_history');
  // Without a file there's a history of this session only.
  server.setupHistory(history, () => undefined);
  await new Promise((resolve) => server.once('exit', resolve));
  return EXIT.ok;
}

/** With a script on stdin: one statement after the other, until one fails. */
async function obey(names: Readonly<Record<string, unknown>>, { terminal, out }: Program): Promise<number> {
  const server = start({
    input: new PassThrough(),
    output: new PassThrough(),
    terminal: false,
    useColors: false,
  });
  Object.assign(server.context, names);
  let statement = '';
  try {
    for await (const line of createInterface({ input: terminal.stdin, terminal: false })) {
      statement += `${line}\n`;
      const value = await evaluate(server, statement);
      if (value === UNFINISHED) continue;
      statement = '';
      if (value !== undefined) out.print(server.writer(value));
    }
  } catch (error) {
    out.complain(complaintOf(error));
    return EXIT.failure;
  } finally {
    server.close();
  }
  if (statement.trim() === '') return EXIT.ok;
  out.complain('tq: the input ends in the middle of a statement.');
  return EXIT.failure;
}

/** Node 20 imports no TypeScript by itself. */
function complaintOf(error: unknown): string {
  const { code, message, stack } = toError(error) as NodeJS.ErrnoException;
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION')
    return `tq: ${message}. This Node imports no TypeScript: await importFile('./proj/tasks.ts') does.`;
  return stack ?? message;
}

const UNFINISHED = Symbol('a statement that goes on in the next line');

async function evaluate(server: REPLServer, statement: string): Promise<unknown> {
  // What an awaited promise rejects with, Node's console hands to the error domain it has instead of to the callback.
  const domain = (server as { readonly _domain?: EventEmitter })._domain;
  const evaluated = deferred<unknown>();
  const fail = (error: unknown): void => evaluated.reject(error);
  domain?.once('error', fail);
  server.eval.call(server, statement, server.context, 'stdin', (error, value: unknown) => {
    if (error instanceof Recoverable) evaluated.resolve(UNFINISHED);
    else if (error) fail(error);
    else evaluated.resolve(value);
  });
  try {
    return await evaluated.promise;
  } finally {
    domain?.off('error', fail);
  }
}
