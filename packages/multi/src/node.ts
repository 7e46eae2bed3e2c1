import { dirname, resolve } from 'node:path';
import { expandFileName } from '@tq/core/internal';
import type { Given } from './arguments.ts';
import { expandTemplate } from './names.ts';
import type { NodeName } from './names.ts';

/** Where files go that no option names: the current folder, as the log of `tq worker --detach` does. */
export const DEFAULT_PIDFILE = '%n.pid';
export const DEFAULT_LOGFILE = '%n%I.log';

/** A worker of the fleet: how it is started, and where it can be found. */
export interface Node extends NodeName {
  /** The words that start it in the background, the program among them. */
  readonly command: readonly string[];
  /** Words of the command that name the program, by which a process is known before it has a title. */
  readonly likeness: readonly string[];
  /** Absolute. */
  readonly pidFile: string;
  /** Folders that have to be there. */
  readonly folders: readonly string[];
  /** User and group that the folders are made for, where the worker changes to them. */
  readonly owner: { readonly user?: string | undefined; readonly group?: string | undefined };
}

export interface NodeParts {
  readonly node: NodeName;
  readonly options: ReadonlyMap<string, readonly Given[]>;
  /** `[node, tq.js, worker, --detach]` */
  readonly program: readonly string[];
  readonly append: readonly string[];
  readonly rest: readonly string[];
  /** Where the fleet is started. */
  readonly cwd: string;
}

/** Options that are for multi itself, and those that a node has of it. */
const OURS: ReadonlySet<string> = new Set([
  'prefix',
  'suffix',
  'rangePrefix',
  'hostname',
  'cmd',
  'append',
  'executable',
  'pidfile',
  'logfile',
  'timeout',
  'nosplash',
  'quiet',
  'verbose',
  'noColor',
]);

export function makeNode(parts: NodeParts): Node {
  const { node, options, program, cwd } = parts;
  const fill = (template: string): string => expandTemplate(template, node.name);
  const last = (key: string): string | undefined => options.get(key)?.at(-1)?.value;
  const pidfile = fill(last('pidfile') ?? DEFAULT_PIDFILE);
  const logfile = fill(last('logfile') ?? DEFAULT_LOGFILE);
  const executable = last('executable');
  const [first = '', ...others] = program.map(fill);
  const folder = resolve(cwd, fill(last('workdir') ?? ''));
  const path = (pattern: string): string => resolve(folder, expandFileName(pattern, node.name));
  return {
    ...node,
    command: [
      executable ?? first,
      ...others,
      ...[...options].flatMap(([key, given]) =>
        OURS.has(key) ? [] : given.flatMap((one) => written(one, fill)),
      ),
      '-n',
      node.name,
      `--pidfile=${pidfile}`,
      `--logfile=${logfile}`,
      ...parts.append.map(fill),
      ...(parts.rest.length === 0 ? [] : ['--', ...parts.rest]),
    ],
    likeness: others.filter((word) => /^\w[\w-]*$/.test(word)),
    pidFile: path(pidfile),
    folders: [...new Set([dirname(path(pidfile)), dirname(path(logfile))])],
    owner: { user: last('uid'), group: last('gid') },
  };
}

function written({ spelling, value }: Given, fill: (template: string) => string): readonly string[] {
  if (value === undefined) return [spelling];
  return spelling.startsWith('--') ? [`${spelling}=${fill(value)}`] : [spelling, fill(value)];
}
