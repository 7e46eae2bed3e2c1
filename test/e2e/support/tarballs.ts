import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { mustRun } from './run-program.ts';

export const REPOSITORY = join(import.meta.dirname, '../../..');

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** A package as npm would publish it. */
export interface Tarball {
  readonly name: string;
  readonly file: string;
  /** Bytes, compressed. */
  readonly size: number;
  /** Paths of its files. */
  readonly files: readonly string[];
}

const manifests: readonly Manifest[] = readdirSync(join(REPOSITORY, 'packages'))
  .map((name) => join(REPOSITORY, 'packages', name, 'package.json'))
  .filter((file) => existsSync(file))
  .map((file) => JSON.parse(readFileSync(file, 'utf8')) as Manifest);

/** Names of everything that gets published. */
export const PUBLIC = manifests.filter((manifest) => !manifest.private).map(({ name }) => name);

/** Packs all public packages into a folder, as they are built now. */
export async function packAll(into: string): Promise<ReadonlyMap<string, Tarball>> {
  const folders = PUBLIC.map((name) => `./packages/${name.replace('@tq/', '')}`);
  const printed = await mustRun(
    'npm',
    ['pack', ...folders, '--json', '--ignore-scripts', '--pack-destination', into],
    {
      cwd: REPOSITORY,
    },
  );
  const packed = JSON.parse(printed) as readonly {
    readonly name: string;
    readonly filename: string;
    readonly size: number;
    readonly files: readonly { readonly path: string }[];
  }[];
  return new Map(
    packed.map(({ name, filename, size, files }) => [
      name,
      { name, file: join(into, filename), size, files: files.map(({ path }) => path) },
    ]),
  );
}

/** The given packages and those of ours they can't do without. */
export function withDependencies(names: readonly string[]): readonly string[] {
  const found = new Set<string>();
  const add = (name: string): void => {
    if (found.has(name)) return;
    found.add(name);
    const manifest = manifests.find((each) => each.name === name);
    if (!manifest) throw new Error(`There is no package ${name}`);
    for (const to of Object.keys(manifest.dependencies ?? {})) if (to.startsWith('@tq/')) add(to);
  };
  for (const name of names) add(name);
  return [...found].toSorted();
}
