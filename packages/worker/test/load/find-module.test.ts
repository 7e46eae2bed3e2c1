import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { findModule } from '../../src/load/find-module.ts';
import { modulesMatching } from '../../src/load/glob.ts';

let folder: string;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'tq-find-')));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function touch(...files: readonly string[]): void {
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), '');
  }
}

function found(name: string): string | undefined {
  const file = findModule(name, folder);
  return file === undefined ? undefined : relative(folder, file);
}

describe('one module', () => {
  test.each(['proj/tq', './proj/tq', 'proj.tq', 'proj/tq.ts', './proj/tq.ts', 'proj/tq.js'])(
    '%s is proj/tq.ts',
    (name) => {
      touch('proj/tq.ts');
      expect(found(name)).toBe('proj/tq.ts');
    },
  );

  test.each(['js', 'mjs', 'cjs', 'ts', 'mts', 'cts'])(
    'may be a .%s, or a folder with such an index',
    (extension) => {
      touch(`one.${extension}`, `two/index.${extension}`);
      expect([found('one'), found('two'), found('two/')]).toEqual([
        `one.${extension}`,
        `two/index.${extension}`,
        `two/index.${extension}`,
      ]);
    },
  );

  test('is the built one where its source lies beside it', () => {
    touch('tq.ts', 'tq.js');
    expect([found('tq'), found('tq.ts')]).toEqual(['tq.js', 'tq.ts']);
  });

  test('with dots in its file name is found before a folder is', () => {
    touch('proj.tq.ts', 'proj/tq.ts');
    expect(found('proj.tq')).toBe('proj.tq.ts');
  });

  test('is its real file, however it was reached', () => {
    touch('proj/tq.ts');
    symlinkSync(join(folder, 'proj'), join(folder, 'link'));
    expect(found('link/tq')).toBe('proj/tq.ts');
  });

  test('that is not there is none: nor is a folder, nor what lies below a file', () => {
    touch('proj/tasks/a.ts', 'file.ts');
    expect([found('proj'), found('proj/tasks'), found('file.ts/tq'), found('nothing')]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('several modules', () => {
  const matching = (pattern: string): readonly string[] =>
    modulesMatching(pattern, folder).map((file) => relative(folder, file));

  beforeEach(() =>
    touch(
      'proj/tq.ts',
      'proj/tasks/b.ts',
      'proj/tasks/a.mjs',
      'proj/tasks/a.d.ts',
      'proj/tasks/deep/c.ts',
      'proj/node_modules/x/tasks/d.js',
      'proj/tasks/notes.txt',
    ),
  );

  test.each([
    ['proj/tasks/*', ['proj/tasks/a.mjs', 'proj/tasks/b.ts']],
    ['./proj/tasks/*.ts', ['proj/tasks/b.ts']],
    ['proj/**', ['proj/tasks/a.mjs', 'proj/tasks/b.ts', 'proj/tasks/deep/c.ts', 'proj/tq.ts']],
    ['**/tasks/**/c', ['proj/tasks/deep/c.ts']],
    ['proj/t*', ['proj/tq.ts']],
    ['nowhere/*', []],
  ])('%s', (pattern, files) => {
    expect(matching(pattern)).toEqual(files);
  });

  test('one in two languages is taken once, as it would be by its name', () => {
    touch('proj/tasks/b.js');
    expect(matching('proj/tasks/b*')).toEqual(['proj/tasks/b.js']);
  });
});
