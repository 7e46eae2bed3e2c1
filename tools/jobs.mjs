// The jobs of run.mjs. Each says what it needs first; Node's own modules are all there is before the installation.
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { JEST, bin, run } from './child.mjs';
import { ensureBuilt, ensureInstalled } from './ensure.mjs';
import { Refusal } from './npm.mjs';
import { ROOT, packagesOf } from './repository.mjs';

const LINTED = ['packages', 'test', 'tools', 'bench', 'examples'];

export const lint = (paths = []) => [
  bin('oxlint'),
  '--type-aware',
  '--deny-warnings',
  ...orElse(
    paths,
    LINTED.filter((folder) => existsSync(join(ROOT, folder))),
  ),
];
export const checkFormat = (paths = []) => [bin('oxfmt'), '--check', ...orElse(paths, ['.'])];

const JOBS = {
  test: (args) => built(() => [...JEST, ...args]),
  demo: (args) => built(() => ['examples/next-steps/demo.mjs', ...args]),
  bench: (args) => built(() => ['bench/run.mjs', ...args]),
  build: () => ready(),
  // Built first: where the compiler rejects a project, the linter skips its type-aware rules.
  lint: (paths) => built(() => lint(paths)),
  format: (paths) => installed(() => [bin('oxfmt'), ...orElse(paths, ['.'])]),
  'format:check': (paths) => installed(() => checkFormat(paths)),
  check: () => run(['tools/ci.mjs', '--no-tests']),
  clean,
  'release:version': (args) => built(() => [bin('lerna'), 'version', ...args], { NX_DAEMON: 'false' }),
  'release:publish': (args) => {
    clean();
    return built(() => [bin('lerna'), 'publish', 'from-package', ...args], { NX_DAEMON: 'false' });
  },
};

/** Resolves with the exit code. */
export async function runJob(name, args) {
  if (!Object.hasOwn(JOBS, name)) {
    throw new Refusal(
      `There is no job ${JSON.stringify(name)}; the jobs are ${Object.keys(JOBS).join(', ')}.`,
    );
  }
  return JOBS[name](args);
}

/** The command is asked for when there is something to look it up in. */
async function installed(command) {
  await ensureInstalled();
  return run(command());
}

async function built(command, env) {
  await ready();
  return run(command(), { env });
}

async function ready() {
  await ensureInstalled();
  await ensureBuilt();
  return 0;
}

/** Removes what the compiler wrote; the next build starts from nothing. */
function clean() {
  const folders = packagesOf().flatMap(({ folder }) => [join(folder, 'dist'), join(folder, 'dist-test')]);
  const outside = LINTED.map((folder) => join(ROOT, folder, 'dist-test'));
  for (const folder of [...folders, ...outside]) rmSync(folder, { recursive: true, force: true });
  return 0;
}

function orElse(given, usual) {
  return given.length > 0 ? given : usual;
}
