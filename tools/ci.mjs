// Everything that must hold before a change lands, in one run that goes on after a failure so as to show them all.
// `--no-tests` leaves the tests out. The last line is a plain total: `123 passed, 0 failed`.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JEST, bin } from './child.mjs';
import { ensureInstalled, linkPrograms } from './ensure.mjs';
import { checkFormat, lint } from './jobs.mjs';
import { runGuarded } from './guarded.mjs';
import { npmFile } from './npm.mjs';
import { ROOT, packagesOf } from './repository.mjs';
import { Totals } from './totals.mjs';

const MINUTE = 60_000;
const totals = new Totals();
const temporary = mkdtempSync(join(tmpdir(), 'tq-ci-'));

try {
  const before = treeState();
  if (await step('install', install)) {
    await buildAndRead();
    if (!process.argv.includes('--no-tests')) await test();
    for (const each of packagesOf().filter(({ manifest }) => !manifest.private)) await pack(each);
    if (before !== undefined) await step('the tree is left as it was', () => treeState() === before);
  }
} catch (error) {
  console.log(error);
  totals.add('the run itself', false);
} finally {
  rmSync(temporary, { recursive: true, force: true });
  process.exitCode = totals.print();
}

/** Runs one check, prints its name and time, and counts it. */
async function step(name, check) {
  console.log(`\n== ${name}`);
  const started = performance.now();
  const ok = await check();
  totals.add(name, ok);
  console.log(`== ${name}: ${ok ? 'ok' : 'FAILED'}, ${((performance.now() - started) / 1000).toFixed(1)} s`);
  return ok;
}

function program(command, options) {
  return runGuarded(command, { limitMs: 5 * MINUTE, ...options });
}

async function install() {
  try {
    await ensureInstalled();
    return true;
  } catch (error) {
    console.log(error.name === 'Refusal' ? error.message : error);
    return false;
  }
}

/** Built first: where the compiler rejects a project, the linter skips its type-aware rules. */
async function buildAndRead() {
  await step('types and build', async () => {
    const ok = await program([bin('tsc', 'typescript'), '-b']);
    await linkPrograms();
    return ok;
  });
  await step('lint', () => program(lint()));
  await step('format', () => program(checkFormat()));
  await step('references', () => program(['tools/sync-references.mjs', '--check']));
  await step('dependency graph', () => program(['tools/check-graph.mjs']));
  await step('lock file', () => program(['tools/check-lock.mjs']));
  await step('manifests', () => program(['tools/check-manifests.mjs']));
}

/** Counts each test, and a file that fails without a failing test as one. */
async function test() {
  const report = join(temporary, 'jest.json');
  console.log('\n== tests');
  const started = performance.now();
  const ok = await program([...JEST, '--json', `--outputFile=${report}`], { limitMs: 30 * MINUTE });
  totals.addTests(readReport(report), ok);
  console.log(`== tests: ${ok ? 'ok' : 'FAILED'}, ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined; // Jest didn't get as far as writing it, which counts as a failure.
  }
}

/** Packs a package as npm would publish it, and checks what a user gets. */
async function pack({ folder, manifest, name }) {
  const quiet = { isQuiet: true };
  const into = mkdtempSync(join(temporary, `${name}-`));
  const packed = await step(`${manifest.name}: pack`, () =>
    program([npmFile(), 'pack', folder, '--silent', '--ignore-scripts', `--pack-destination=${into}`], quiet),
  );
  if (!packed) return;
  const [tarball] = readdirSync(into);
  const file = join(into, tarball);
  await step(`${manifest.name}: publint`, () => program([bin('publint'), 'run', file, '--strict'], quiet));
  await step(`${manifest.name}: types for users`, () =>
    program(
      [bin('attw', '@arethetypeswrong/cli'), file, '--profile', 'esm-only', '--no-definitely-typed'],
      quiet,
    ),
  );
}

/** What git sees, or undefined where there is no git. */
function treeState() {
  try {
    return execFileSync('git', ['status', '--porcelain'], { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' });
  } catch {
    return undefined;
  }
}
