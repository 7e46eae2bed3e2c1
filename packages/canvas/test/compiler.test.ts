import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

// What the compiler says of chains, and what it costs. What it accepts and refuses stands in types/workflows.ts.

const PROGRAM = `
import { chain } from '@tq/canvas';
import { createApp } from '@tq/core';
const app = createApp('types');
const add = app.task('t.add', (x: number, y: number) => x + y);
const fmt = app.task('t.fmt', (x: number) => '<' + x + '>');
`;
let folder: string;

beforeAll(() => {
  // Within the package, so that its dependencies are found.
  const built = fileURLToPath(new URL('../dist-test/', import.meta.url));
  mkdirSync(built, { recursive: true });
  folder = mkdtempSync(join(built, 'compiler-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function compiled(name: string, statement: string): Promise<string> {
  const file = join(folder, `${name}.ts`);
  writeFileSync(file, PROGRAM + statement);
  const manifest = createRequire(import.meta.url).resolve('typescript/package.json');
  const options = ['--ignoreConfig', '--noEmit', '--extendedDiagnostics', '--skipLibCheck', '--strict'];
  const modules = [
    '--module',
    'nodenext',
    '--moduleResolution',
    'nodenext',
    '--target',
    'es2023',
    '--types',
    'node',
  ];
  const compiler = join(dirname(manifest), 'bin', 'tsc');
  return new Promise((resolve) => {
    execFile(process.execPath, [compiler, ...options, ...modules, file], (_, stdout) => resolve(stdout));
  });
}

async function instantiations(links: number): Promise<number> {
  const steps = Array.from({ length: links - 1 }, () => 'add.s(1)');
  const said = await compiled(`links-${links}`, `export const c = chain(add.s(1, 2), ${steps.join(', ')});`);
  expect(said).not.toContain('error');
  return Number(/Instantiations:\s+(\d+)/.exec(said)?.[1]);
}

test('a link costs the compiler at most 200 instantiations', async () => {
  const [few, many] = [await instantiations(5), await instantiations(45)];
  expect(many).toBeGreaterThan(few);
  expect((many - few) / 40).toBeLessThanOrEqual(200);
}, 60_000);

test('a step that does not fit is refused with a message that names both types', async () => {
  const said = await compiled('message', 'chain(fmt.s(1), add.s(8));');
  expect(said).toMatch(/DoesNotFit<string, \[(x: )?number\]>/);
}, 60_000);
