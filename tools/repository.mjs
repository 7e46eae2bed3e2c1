// What every tool asks about the repository: where it is and which packages it has.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/** The repository these tools stand in. */
export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

export const SCOPE = '@tq/';

export const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));

/** Every package as `{ name, folder, manifest }`; `name` is the one without its scope. */
export function packagesOf(root = ROOT) {
  const folder = join(root, 'packages');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, 'package.json')))
    .sort()
    .map((name) => ({
      name,
      folder: join(folder, name),
      manifest: readJson(join(folder, name, 'package.json')),
    }));
}

/** The packages of this repository in a dependency map, without their scope, sorted. */
export const siblingsIn = (dependencies = {}) =>
  Object.keys(dependencies)
    .filter((name) => name.startsWith(SCOPE))
    .map((name) => name.slice(SCOPE.length))
    .sort();

const NOT_SOURCES = new Set(['node_modules', 'dist', 'dist-test', '.tq', 'coverage']);

/** Every TypeScript and JavaScript file below a folder. */
export function sourcesBelow(folder) {
  const entries = readdirSync(folder, { withFileTypes: true }).filter(({ name }) => !NOT_SOURCES.has(name));
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sourcesBelow(path);
    return /\.[cm]?[jt]s$/.test(entry.name) ? [path] : [];
  });
}

/**
 * The way every check runs: `--root <folder>` (default: this repository), one line per finding, exit code 1 if there
 * is any. `check` returns the findings.
 */
export async function runCheck(what, check) {
  const { values } = parseArgs({ options: { root: { type: 'string', default: ROOT } } });
  const findings = await check(resolve(values.root));
  for (const finding of findings) console.error(finding);
  console.log(`${what}: ${findings.length === 0 ? 'ok' : `${findings.length} found`}`);
  process.exitCode = findings.length === 0 ? 0 : 1;
}
