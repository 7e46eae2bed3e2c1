// npm run bench [-- <measurement>… --rounds <n>]: measures tq beside what it is held against, and writes results.md.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measure } from './harness.mjs';
import { describeMachine } from './machine.mjs';
import { sectionOf } from './report.mjs';

const RESULTS = join(import.meta.dirname, 'results.md');

const { values, positionals: wanted } = parseArgs({
  options: { rounds: { type: 'string' } },
  allowPositionals: true,
});
const asked = values.rounds === undefined ? undefined : Number(values.rounds);
if (asked !== undefined && !(Number.isSafeInteger(asked) && asked > 0))
  refuse(`--rounds takes a whole number from 1 on, not ${values.rounds}.`);

const all = await measurements();
const names = all.map(({ name }) => name);
const unknown = wanted.find((name) => !names.includes(name));
if (unknown !== undefined) refuse(`There is no measurement "${unknown}"; there are ${names.join(', ')}.`);

const folder = mkdtempSync(join(tmpdir(), 'tq-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
])
  process.on(signal, () => process.exit(code)); // what was started is ended on exit

const machine = describeMachine();
const sections = [];
for (const measurement of all.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  const section = await sectionFor(measurement);
  sections.push(section);
  console.log(`\n${section}`);
}
// A part of the measurements isn't the results, and neither is a run in which one failed.
if (wanted.length === 0 && process.exitCode === undefined) writeFileSync(RESULTS, page(sections));

/** What fails keeps no other measurement from being made. */
async function sectionFor(measurement) {
  try {
    return sectionOf(
      await measure(measurement, {
        rounds: asked ?? measurement.rounds,
        // Whoever asks for a number of rounds waits for them.
        limitMs: asked === undefined ? measurement.seconds * 1000 : Infinity,
        folder,
        say: (line) => console.error(line),
      }),
    );
  } catch (error) {
    process.exitCode = 1;
    return `## ${measurement.name}\n\nFailed: ${error.stack}\n`;
  }
}

async function measurements() {
  const files = readdirSync(join(import.meta.dirname, 'measure')).toSorted();
  const modules = await Promise.all(files.map((file) => import(`./measure/${file}`)));
  return modules.map((module) => module.default);
}

function page(parts) {
  const head = `# Measured speed

Written by \`npm run bench\`; changes made by hand are lost. The subjects of a measurement take turns within each round, and a goal
is judged by the median of the rounds' ratios: those carry over to other machines, the numbers themselves don't.

${machine.map((line) => `- ${line}`).join('\n')}
`;
  return [head, ...parts].join('\n');
}

function refuse(reason) {
  console.error(reason);
  process.exit(64);
}
