// One app, however it is reached: TypeScript, ES modules and CommonJS importing each other on plain Node.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runProgram } from './support/run-program.ts';
import { REPOSITORY } from './support/tarballs.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tq-load-'));
  symlinkSync(join(REPOSITORY, 'node_modules'), join(folder, 'node_modules'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, source] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), source);
  }
}

/** What a program prints that has the loader, core, and these lines. */
async function printed(lines: string): Promise<string> {
  writeFileSync(
    join(folder, 'main.mjs'),
    `import { appOfModule, importFile, importModules, loadApp, loadAppFrom } from '@tq/worker/load';
     import { App } from '@tq/core';
     const workdir = process.cwd();
     process.env.TQ_CACHE_DIR = workdir + '/.cache';
     ${lines}`,
  );
  const { code, stdout, stderr } = await runProgram(process.execPath, ['main.mjs'], { cwd: folder });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

const APP = {
  ts: `import { createApp } from '@tq/core';
       interface Counted { evaluations?: number }
       const counted = globalThis as Counted;
       counted.evaluations = (counted.evaluations ?? 0) + 1;
       export const app = createApp('proj', { include: ['proj/tasks'] });`,
  mjs: `import { createApp } from '@tq/core';
        globalThis.evaluations = (globalThis.evaluations ?? 0) + 1;
        export const app = createApp('proj', { include: ['proj/tasks'] });`,
  cjs: `const { createApp } = require('@tq/core');
        globalThis.evaluations = (globalThis.evaluations ?? 0) + 1;
        exports.app = createApp('proj', { include: ['proj/tasks'] });`,
};

/** Tasks in one language that import the app of another. */
const TASKS = {
  ts: (app: string) => `import { app } from '${app}';
       enum Kind { A = 'a' }
       export const kind = app.task('proj.tasks.kind', (): Kind => Kind.A);`,
  mjs: (app: string) => `import { app } from '${app}';
       export const kind = app.task('proj.tasks.kind', () => 'a');`,
  cjs: (app: string) => `const { app } = require('${app}');
       exports.kind = app.task('proj.tasks.kind', () => 'a');`,
};

describe.each(['ts', 'mjs', 'cjs'] as const)('an app in .%s', (language) => {
  test.each(['ts', 'mjs', 'cjs'] as const)('is the one that tasks in .%s register with', async (other) => {
    write({
      [`proj/tq.${language}`]: APP[language],
      [`proj/tasks.${other}`]: TASKS[other](`./tq.${language}`),
    });
    const out = await printed(`
      const { app, file, exportName } = await loadApp('proj', { workdir });
      await importModules(app.config.include, { workdir });
      const again = await loadAppFrom({ file, exportName });
      console.log(app instanceof App, app === again, globalThis.evaluations, [...app.tasks.keys()].join(), app.tasks.get('proj.tasks.kind')());`);
    expect(out).toBe('true true 1 proj.tasks.kind a\n');
  });
});

test('TypeScript may leave extensions out, and write .js for .ts', async () => {
  write({
    'proj/tq.ts': APP.ts,
    'proj/tasks.ts': `import { app } from './tq'; import { twice } from './lib/twice.js'; import { three } from './lib';
      export const kind = app.task('proj.tasks.kind', () => twice(three));`,
    'proj/lib/twice.ts': 'export const twice = (x: number): number => 2 * x;',
    'proj/lib/index.ts': 'export const three: number = 3;',
  });
  const out = await printed(`
    const { app } = await loadApp('proj', { workdir });
    await importModules(app.config.include, { workdir });
    console.log(globalThis.evaluations, app.tasks.get('proj.tasks.kind')());`);
  expect(out).toBe('1 6\n');
});

test('modules that are imported at the same time share what they import', async () => {
  write({
    'proj/tq.ts': APP.ts,
    'proj/a.ts': TASKS.ts('./tq.ts').replace('tasks.kind', 'a'),
    'proj/b.ts': TASKS.ts('./tq.ts').replace('tasks.kind', 'b'),
  });
  const out = await printed(`
    const [a, b] = await Promise.all(['a', 'b'].map((name) => importFile(workdir + '/proj/' + name + '.ts')));
    console.log(globalThis.evaluations, a.kind.app === b.kind.app);`);
  expect(out).toBe('1 true\n');
});

test('what is compiled is kept for the next process, in a folder of its own', async () => {
  write({ 'proj/tq.ts': APP.ts });
  await printed(`await loadApp('proj', { workdir });`);
  const { readdirSync } = await import('node:fs');
  expect(readdirSync(join(folder, '.cache/modules'))).toEqual([expect.stringMatching(/^proj-tq\./)]);
  expect(readdirSync(join(folder, 'proj'))).toEqual(['tq.ts']);
});

test('a package with tasks can be named too', async () => {
  rmSync(join(folder, 'node_modules'));
  write({
    'proj/tq.mjs': APP.mjs,
    'node_modules/shared-tasks/package.json':
      '{ "type": "module", "exports": { "./more": { "import": "./more.js" } } }',
    'node_modules/shared-tasks/more.js': 'globalThis.shared = true;',
  });
  symlinkSync(join(REPOSITORY, 'node_modules/@tq'), join(folder, 'node_modules/@tq'));
  expect(
    await printed(`await importModules(['shared-tasks/more'], { workdir }); console.log(globalThis.shared);`),
  ).toBe('true\n');
});

test('a composed worker knows only the module and the name of its app', async () => {
  write({
    'proj/apps.ts': APP.ts.replace(
      'export const app',
      `export const other = createApp('other');\nexport const mine`,
    ),
  });
  const out = await printed(`
    const url = new URL('./proj/apps.ts', import.meta.url).href;
    const app = await appOfModule(url, 'proj');
    console.log(app.name, await appOfModule(url, 'nobody').catch((error) => error.message));`);
  expect(out).toMatch(
    /^proj proj\/apps\.ts exports no app named "nobody", and child processes load it from there\./,
  );
});

test('an app made by another copy of core is refused, with the way out', async () => {
  write({
    'proj/tq.mjs': `export const app = { [Symbol.for('tq.app')]: true, name: 'stranger' };`,
  });
  const out = await printed(
    `console.log(await loadApp('proj', { workdir }).catch((error) => error.message));`,
  );
  expect(out).toMatch(/was made by another copy of @tq\/core .*npx tq/);
});
