import { hostname } from 'node:os';
import { durationMs } from '@tq/core/internal';
import { parseArguments } from './arguments.ts';
import type { Given } from './arguments.ts';
import { MultiUsageError } from './errors.ts';
import { nameNodes } from './names.ts';
import { makeNode } from './node.ts';
import type { Node } from './node.ts';
import { withOwnOptions } from './option-table.ts';
import type { OptionTable } from './option-table.ts';
import { Scopes } from './scope.ts';
import { splitWords } from './shell-words.ts';

export interface FleetOptions {
  /** The words that start one worker, in the background: `[process.execPath, '/…/tq.js', 'worker', '--detach']`. */
  readonly program: readonly string[];
  /** What is known of the options of that program. @default Celery's rule, see parseArguments() */
  readonly options?: OptionTable;
  /** @default the current folder */
  readonly cwd?: string;
}

/** What a command line of multi, behind the command, describes. */
export interface Fleet {
  readonly nodes: readonly Node[];
  readonly signal: NodeJS.Signals | undefined;
  /** How long to wait for workers to end. Undefined: as long as it takes. */
  readonly timeoutMs: number | undefined;
  /** The pattern of --pidfile, as it was given for all nodes. */
  readonly pidfile: string | undefined;
  /** Sentences about what was given and means nothing. */
  readonly warnings: readonly string[];
}

/** Reads names and options: `10 -A proj -Q:1-3 images,video -Q default`. @throws MultiUsageError */
export function readFleet(words: readonly string[], fleet: FleetOptions): Fleet {
  const given = parseArguments(words, withOwnOptions(fleet.options));
  const last = (key: string): string | undefined =>
    given.options.findLast((option) => option.key === key && option.nodes === undefined)?.value;
  const names = nameNodes(given.words, {
    prefix: last('prefix'),
    suffix: suffixOf(last('suffix') ?? hostPart(last('hostname'))),
    rangePrefix: last('rangePrefix'),
  });
  const scopes = new Scopes(names, given.options);
  const cmd = last('cmd');
  const program = cmd === undefined ? fleet.program : [fleet.program[0] as string, ...splitWords(cmd)];
  const append = splitWords(last('append') ?? '');
  const timeout = last('timeout');
  return {
    nodes: names.map((node) =>
      makeNode({
        node,
        options: scopes.of(node),
        program,
        append,
        rest: given.rest,
        cwd: fleet.cwd ?? process.cwd(),
      }),
    ),
    signal: given.signal,
    timeoutMs: timeout === undefined ? undefined : readTimeout(timeout),
    pidfile: last('pidfile'),
    warnings: [...scopes.strangers].map((name) => strangerWarning(name, given.options)),
  };
}

/** `-n` is the host of all nodes; the names are words. */
function hostPart(given: string | undefined): string | undefined {
  if (given?.includes('@'))
    throw new MultiUsageError(
      `-n/--hostname is the host part of all nodes here, not ${JSON.stringify(given)}.`,
      {
        remedy: `Name the nodes by words: tq multi start ${given} …`,
      },
    );
  return given?.replaceAll('%h', hostname());
}

/** A shell passes the quotes of `--suffix='""'` on, which is how to say none. */
function suffixOf(given: string | undefined): string | undefined {
  return given === '""' || given === "''" ? '' : given;
}

function readTimeout(text: string): number {
  try {
    const ms = durationMs(text, '--timeout');
    if (ms >= 0) return ms;
  } catch (error) {
    throw new MultiUsageError((error as Error).message, { cause: error });
  }
  throw new MultiUsageError(`--timeout must not be negative, as ${text} is.`);
}

function strangerWarning(name: string, options: readonly Given[]): string {
  const option = options.find(({ nodes }) => nodes?.split(',').some((part) => part.trim() === name));
  return `No node is called ${name}: ${option?.spelling}:${option?.nodes} does nothing for it.`;
}
