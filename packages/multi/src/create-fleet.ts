import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { MissingPackage } from '@tq/core';
import { readFleet } from './fleet.ts';
import type { Node } from './node.ts';

export type WorkerOption = string | number | boolean | readonly string[];

/** Options of `tq worker` by their long names, in camel case: `{ concurrency: 3, queues: ['images', 'video'] }`. */
export type WorkerOptions = Readonly<Record<string, WorkerOption>>;

export interface FleetDescription {
  /** The module of the app, as `-A` names it. */
  readonly app: string;
  /** For every node. */
  readonly options?: WorkerOptions;
  /** For some: `{ '1-3': { queues: ['images'] }, w1: { concurrency: 4 } }`. */
  readonly optionsOf?: Readonly<Record<string, WorkerOptions>>;
  /** @default '%n.pid', in `cwd` */
  readonly pidfile?: string;
  /** @default '%n%I.log', in `cwd` */
  readonly logfile?: string;
  /** Settings by name, for every node: `{ 'worker.shutdown_timeout': 30 }`. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** Where the fleet is started. @default the current folder */
  readonly cwd?: string;
  /** The words that start a worker in the background. @default those of the package @tq/cli, found from `cwd` */
  readonly program?: readonly string[];
}

/** Describes workers, by their names or their number. @throws MultiUsageError; MissingPackage when there is no `tq` */
export function createFleet(names: readonly string[] | number, fleet: FleetDescription): readonly Node[] {
  const cwd = fleet.cwd ?? process.cwd();
  const scoped = Object.entries(fleet.optionsOf ?? {}).flatMap(([nodes, options]) =>
    optionWords(options, `:${nodes}`),
  );
  const { app, pidfile, logfile } = fleet;
  const words = [
    ...(typeof names === 'number' ? [String(names)] : names),
    ...optionWords({ app, ...(pidfile ? { pidfile } : {}), ...(logfile ? { logfile } : {}) }),
    ...optionWords(fleet.options ?? {}),
    ...scoped,
    '--',
    ...Object.entries(fleet.settings ?? {}).map(([name, value]) => `${name}=${value}`),
  ];
  return readFleet(words, { program: fleet.program ?? programFrom(cwd), cwd }).nodes;
}

function optionWords(options: WorkerOptions, nodes = ''): readonly string[] {
  return Object.entries(options).flatMap(([key, value]) => {
    const name = `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}${nodes}`;
    if (typeof value === 'boolean') return value ? [name] : [];
    return [`${name}=${Array.isArray(value) ? value.join(',') : String(value)}`];
  });
}

function programFrom(cwd: string): readonly string[] {
  try {
    const manifest = createRequire(join(cwd, 'package.json')).resolve('@tq/cli/package.json');
    const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as { readonly bin: { readonly tq: string } };
    return [process.execPath, join(dirname(manifest), bin.tq), 'worker', '--detach'];
  } catch (error) {
    throw new MissingPackage('@tq/cli', `No tq program is installed for ${cwd}: npm install @tq/cli`, {
      cause: error,
    });
  }
}
