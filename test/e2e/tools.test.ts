import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runProgram } from './support/run-program.ts';
import { REPOSITORY } from './support/tarballs.ts';

/** A guard that never barks looks like a guard with nothing to bark at: each is shown what it is for. */

const EXPORTS = { '.': {}, './package.json': {} };

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tq-tools-'));
  write('package.json', { devDependencies: { '@jest/globals': '1.0.0' } });
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, content: unknown): void {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
}

/** A package with one source file. */
function writePackage(name: string, manifest: object, source = 'export {};\n'): void {
  write(`packages/${name}/package.json`, { name: `@tq/${name}`, exports: EXPORTS, ...manifest });
  write(`packages/${name}/src/file.ts`, source);
}

/** What a check complains of, line by line; nothing when it exits with 0. */
async function complaintsOf(tool: string): Promise<readonly string[]> {
  const ended = await runProgram(process.execPath, [join(REPOSITORY, 'tools', tool), '--root', root], {
    cwd: root,
  });
  const lines = ended.stderr.split('\n').filter((line) => line !== '');
  expect({ tool, code: ended.code }).toEqual({ tool, code: lines.length === 0 ? 0 : 1 });
  return lines;
}

describe('the dependency graph check', () => {
  const complaints = (): Promise<readonly string[]> => complaintsOf('check-graph.mjs');

  test('is content with what the table allows', async () => {
    writePackage('core', {}, "import { readFileSync } from 'node:fs';\nexport { readFileSync };\n");
    writePackage('virtual', { dependencies: { '@tq/core': '1' } }, "export * from '@tq/core';\n");
    expect(await complaints()).toEqual([]);
  });

  test('refuses a dependency that the table has not', async () => {
    writePackage('core', {});
    writePackage('pool', {});
    writePackage('canvas', { dependencies: { '@tq/core': '1', '@tq/pool': '1' } });
    expect(await complaints()).toEqual(['packages/canvas/package.json: canvas may not depend on pool']);
  });

  test('refuses a package without a row in the table', async () => {
    writePackage('stranger', {});
    expect(await complaints()).toEqual([expect.stringContaining('stranger has no row in the table')]);
  });

  test('keeps the test kit out of what is shipped', async () => {
    writePackage('testkit', { private: true });
    writePackage('pool', { dependencies: { '@tq/testkit': '1' } });
    expect(await complaints()).toEqual(['packages/pool/package.json: testkit belongs into devDependencies']);
  });

  test.each([
    ["import '@tq/core';", '@tq/core is not among'],
    ["export const later = () => import('@tq/core');", '@tq/core is not among'],
    ["import type { A } from 'left-pad';", 'left-pad is not among'],
    ["import '@tq/virtual/src/store.ts';", '@tq/virtual/src/store.ts is not among the exports'],
    ["import '@tq/pool';", 'is this very package'],
    ["import './index.ts';", "not the package's own index.ts"],
    ["import '../../virtual/src/file.ts';", "leads out of the package's src"],
    ["import './other';", 'must carry its extension'],
    ["import 'fs';", 'write node:fs'],
    ["import 'ioredis';", 'ioredis belongs to broker-redis, backend-redis'],
  ])('refuses %s', async (source, complaint) => {
    writePackage('core', {});
    writePackage('virtual', { dependencies: { '@tq/core': '1' } });
    writePackage('pool', { peerDependencies: { '@tq/virtual': '1', ioredis: '1' } }, `${source}\n`);
    const found = (await complaints()).filter((line) => line.startsWith('packages/pool/src/'));
    expect(found).toEqual([expect.stringContaining(complaint)]);
  });

  test('is not misled by comments and texts', async () => {
    writePackage('core', {}, "// import '@tq/pool';\nexport const text = \"import '@tq/pool'\";\n");
    expect(await complaints()).toEqual([]);
  });

  test('keeps the door for siblings closed to examples', async () => {
    writePackage('core', { exports: { ...EXPORTS, './internal': {} } });
    write('examples/one.ts', "import '@tq/core/internal';\n");
    expect(await complaints()).toEqual([
      expect.stringContaining('examples/one.ts: @tq/core/internal is for'),
    ]);
  });
});

describe('the lock file check', () => {
  const integrity = 'sha512-x';
  const lock = (packages: object): void => write('package-lock.json', { packages });
  const complaints = (): Promise<readonly string[]> => complaintsOf('check-lock.mjs');
  const devDependencies = { '@jest/globals': '1.0.0' };

  test('is content with a complete lock file', async () => {
    lock({
      '': { devDependencies },
      'node_modules/a': { integrity, optionalDependencies: { 'a-mac': '1' } },
      'node_modules/a/node_modules/a-mac': { integrity, optional: true },
    });
    expect(await complaints()).toEqual([]);
  });

  test('misses the binary of another platform', async () => {
    lock({
      '': { devDependencies },
      'node_modules/a': { integrity, optionalDependencies: { 'a-mac': '1' } },
    });
    expect(await complaints()).toEqual(['node_modules/a wants a-mac, optionally, which has no entry']);
  });

  test('refuses addresses other than the public registry', async () => {
    lock({
      '': { devDependencies },
      'node_modules/a': { integrity, resolved: 'http://127.0.0.1:4873/a/-/a-1.0.0.tgz' },
    });
    expect(await complaints()).toEqual([expect.stringContaining('not from the public registry')]);
  });

  test('notices a package.json that has moved on', async () => {
    lock({ '': { devDependencies: { '@jest/globals': '0.9.0' } } });
    expect(await complaints()).toEqual([expect.stringContaining('package.json has changed')]);
  });
});

describe('a new package', () => {
  const create = async (...args: readonly string[]): Promise<string> => {
    const tool = join(REPOSITORY, 'tools/new-package/create.mjs');
    const { code, stderr } = await runProgram(process.execPath, [tool, ...args], { cwd: root });
    expect(code).toBe(64);
    return stderr;
  };

  test('is refused without a row in the dependency table', async () => {
    expect(await create('stranger', 'Unknown to the table')).toContain(
      'stranger has no row in the dependency table',
    );
  });

  test('is refused where there is one already', async () => {
    expect(await create('core', 'A second core')).toContain('packages/core exists already');
  });
});
