import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { createApp } from '@tq/core';
import {
  AppNotFound,
  importModules,
  importTasks,
  loadApp,
  ModuleFailed,
  ModuleNotFound,
  taskModules,
  WrongApp,
} from '../../src/load/index.ts';
import { parseSpec } from '../../src/load/load-app.ts';

let folder: string;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'tq-load-')));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, source] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), source);
  }
}

const exporting = (...names: readonly string[]): string =>
  `import { createApp } from '@tq/core';\n${names.map((name) => (name === 'default' ? `export default createApp('default');` : `export const ${name} = createApp('${name}');`)).join('\n')}`;

async function load(spec: string): Promise<string> {
  const { app, file, exportName } = await loadApp(spec, { workdir: folder });
  return `${relative(folder, file)}:${exportName} ${app.name}`;
}

describe('-A proj', () => {
  test('takes the exports in their order, then any app', async () => {
    write({
      'a.mjs': exporting('celery', 'default', 'tq', 'app'),
      'b.mjs': exporting('celery', 'default', 'tq'),
      'c.mjs': exporting('default', 'celery'),
      'd.mjs': exporting('one', 'default'),
      'e.mjs': `export const app = 'no';\n${exporting('one')}`,
    });
    expect(await Promise.all(['a', 'b', 'c', 'd', 'e'].map(load))).toEqual([
      'a.mjs:app app',
      'b.mjs:tq tq',
      'c.mjs:celery celery',
      'd.mjs:default default',
      'e.mjs:one one',
    ]);
  });

  test('takes any app of the module before one of the modules below it', async () => {
    write({ 'proj/index.mjs': exporting('mine'), 'proj/tq.mjs': exporting('app') });
    expect(await load('proj')).toBe('proj/index.mjs:mine mine');
  });

  test('looks into proj/tq, then proj/celery, when the module has none or there is none', async () => {
    write({
      'proj/index.mjs': 'export const x = 1;',
      'proj/celery.mjs': exporting('app'),
      'two/celery.mjs': exporting('app'),
      'two/tq.mjs': exporting('tq'),
    });
    expect([await load('proj'), await load('two'), await load('./two/')]).toEqual([
      'proj/celery.mjs:app app',
      'two/tq.mjs:tq tq',
      'two/tq.mjs:tq tq',
    ]);
  });

  test('with dots looks below too', async () => {
    write({ 'a/b/tq.mjs': exporting('app') });
    expect(await load('a.b')).toBe('a/b/tq.mjs:app app');
  });

  test('finds the exports of CommonJS, also those that Node can not see', async () => {
    // Under Jest a require() of core would be another copy.
    (globalThis as { createApp?: unknown }).createApp = createApp;
    write({ 'a.cjs': `module.exports = { ['ap' + 'p']: createApp('hidden') };` });
    expect(await load('a')).toBe('a.cjs:app hidden');
  });

  test('that leads nowhere says where it was looked for, and what there was', async () => {
    write({ 'proj/tq.mjs': 'export const a = 1, b = 2;' });
    const loading = load('proj');
    await expect(loading).rejects.toThrow(AppNotFound);
    await expect(loading).rejects.toThrow(
      /^There is no app at "proj" in \S+: no module proj; proj\/tq\.mjs exports a, b; no module proj\/celery\. .*-A proj\/tq/,
    );
  });
});

describe('-A module:export', () => {
  test('is taken as it is', async () => {
    write({ 'proj/tq.mjs': exporting('app', 'other') });
    expect(await Promise.all(['proj/tq:other', 'proj.tq:other', './proj/tq.mjs:other'].map(load))).toEqual(
      Array(3).fill('proj/tq.mjs:other other'),
    );
  });

  test('is looked for in proj/tq, then proj/celery, when there is no module proj', async () => {
    write({ 'proj/tq.mjs': exporting('app', 'other'), 'old/celery.mjs': exporting('app') });
    expect(await Promise.all(['proj:other', 'old:app'].map(load))).toEqual([
      'proj/tq.mjs:other other',
      'old/celery.mjs:app app',
    ]);
  });

  test('that is not there says what is', async () => {
    write({ 'tq.mjs': `${exporting('application')}\nexport const number = 1;` });
    await expect(load('tq:applicaton')).rejects.toThrow(
      'tq.mjs has no export "applicaton"; it exports application, number. Did you mean tq:application?',
    );
    await expect(load('tq:number')).rejects.toThrow(
      'tq.mjs exports "number", which is not an app made by createApp().',
    );
    await expect(load('nothing:app')).rejects.toThrow(
      /^There is no app at "nothing:app" in \S+: no module nothing; no module nothing\/tq; no module nothing\/celery\. --workdir/,
    );
  });

  test('has its colon after the one of a drive', () => {
    expect(parseSpec('C:\\proj\\tq.ts')).toEqual({ module: 'C:\\proj\\tq.ts', attribute: undefined });
    expect(parseSpec('C:\\proj\\tq.ts:app')).toEqual({ module: 'C:\\proj\\tq.ts', attribute: 'app' });
  });
});

test('a misspelt module has the one beside it suggested', async () => {
  write({ 'proj/tq.mjs': exporting('app'), 'apps/shop.mjs': exporting('app') });
  await expect(load('porj')).rejects.toThrow('Did you mean proj?');
  await expect(load('porj:app')).rejects.toThrow('Did you mean proj?');
  await expect(load('apps/shp')).rejects.toThrow('Did you mean apps/shop?');
});

describe('modules with tasks', () => {
  const importing = (...names: readonly string[]): Promise<void> => importModules(names, { workdir: folder });

  test('are imported in their order, once', async () => {
    const order: string[] = [];
    (globalThis as { order?: string[] }).order = order;
    write({ 'b.mjs': 'globalThis.order.push("b");', 'tasks/a.mjs': 'globalThis.order.push("a");' });
    await importing('b', 'tasks/*', './b.mjs');
    expect(order).toEqual(['b', 'a']);
  });

  test('that are not there are named, with the setting and where they were looked for', async () => {
    await expect(importing('proj.tasks')).rejects.toThrow(ModuleNotFound);
    await expect(importing('proj.tasks')).rejects.toThrow(
      /^There is no module "proj\.tasks" \(named by setting include\): neither proj\.tasks\.\{.*\} nor proj\/tasks\.\{.*\} in \S+, nor a package/,
    );
    await expect(importModules(['tasks/*'], { workdir: folder, from: '-I' })).rejects.toThrow(
      /^No module matches "tasks\/\*" \(named by -I\)/,
    );
  });

  test('that throw say where, and keep what was thrown', async () => {
    write({ 'a.mjs': `import './lib/b.mjs';`, 'lib/b.mjs': `\nthrow new RangeError('too far');` });
    const failure = await importing('a').catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ModuleFailed);
    const { message, cause, file } = failure as ModuleFailed;
    expect(message).toMatch(
      /^Can't import a\.mjs \(named by setting include\): RangeError: too far at lib\/b\.mjs:2:\d+$/,
    );
    expect({ cause: (cause as Error).name, file: relative(folder, file) }).toEqual({
      cause: 'RangeError',
      file: 'a.mjs',
    });
  });

  test('one that failed does not stop the next', async () => {
    write({ 'a.mjs': 'throw null;', 'b.mjs': '' });
    await expect(importing('a')).rejects.toThrow(ModuleFailed);
    await expect(importing('b')).resolves.toBeUndefined();
  });
});

describe('modules of a compiled app', () => {
  const app = `import { createApp } from '@tq/core';\nexport const app = createApp('proj', { include: ['proj/tasks'] });`;
  const tasks = (name: string): string =>
    `import { app } from './tq.mjs';\nexport const ${name} = app.task('${name}', () => 1);`;
  const files = {
    'proj/tq.mjs': app,
    'proj/tasks.mjs': tasks('source'),
    'dist/proj/tq.mjs': app,
    'dist/proj/tasks.mjs': tasks('built'),
  };
  const tasksOf = async (spec: string): Promise<readonly string[]> => {
    const { app: loaded, file } = await loadApp(spec, { workdir: folder });
    await importTasks(loaded, { workdir: folder, appFile: file });
    return [...loaded.tasks.keys()];
  };

  test('are looked for beside it, then in the folders above, up to the working directory', async () => {
    write(files);
    expect([await tasksOf('dist/proj'), await tasksOf('dist/proj/tq')]).toEqual([['built'], ['built']]);
    expect(await tasksOf('proj')).toEqual(['source']);
  });

  test('are refused when they belong to the app of the source', async () => {
    write(files);
    rmSync(join(folder, 'dist/proj/tasks.mjs'));
    await expect(tasksOf('dist/proj')).rejects.toThrow(WrongApp);
    await expect(tasksOf('dist/proj')).rejects.toThrow(
      /^proj\/tasks\.mjs \(named by setting include\) belongs to another app "proj"/,
    );
  });

  test('names from -I are blamed on -I', async () => {
    write(files);
    const { app: loaded } = await loadApp('proj', { workdir: folder });
    const modules = taskModules(loaded, ['proj.tsks']);
    await expect(importTasks(loaded, { workdir: folder, modules })).rejects.toThrow(
      /named by option include, -I/,
    );
  });
});
