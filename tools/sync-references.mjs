// Writes the tsconfig.json of every package, test folder and of the root from the dependencies in package.json,
// the one source of truth. `--check` changes nothing and fails when something would change.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = new URL('..', import.meta.url).pathname;
const check = process.argv.includes('--check');
const stale = [];

const packages = readdirSync(join(root, 'packages'))
  .filter((name) => existsSync(join(root, 'packages', name, 'package.json')))
  .sort();
const manifest = (name) => JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'));
const siblings = (dependencies = {}) =>
  Object.keys(dependencies)
    .filter((name) => name.startsWith('@tq/'))
    .map((name) => name.slice('@tq/'.length))
    .sort();

/** Sources and tests that live outside the packages. */
const EXTRA_TESTS = ['test'].filter((folder) => existsSync(join(root, folder)));

function write(path, content) {
  const text = `${JSON.stringify(content, null, 2)}\n`;
  const file = join(root, path);
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return;
  stale.push(path);
  if (!check) writeFileSync(file, text);
}

const all = [];
for (const name of packages) {
  const { dependencies, devDependencies, peerDependencies } = manifest(name);
  write(`packages/${name}/tsconfig.json`, {
    extends: '../../tsconfig.base.json',
    compilerOptions: { rootDir: 'src', outDir: 'dist', tsBuildInfoFile: 'dist/.tsbuildinfo' },
    include: ['src'],
    references: siblings({ ...dependencies, ...peerDependencies }).map((to) => ({ path: `../${to}` })),
  });
  all.push({ path: `packages/${name}` });
  if (existsSync(join(root, 'packages', name, 'test'))) {
    write(`packages/${name}/test/tsconfig.json`, {
      extends: '../../../tsconfig.base.json',
      compilerOptions: {
        rootDir: '.',
        outDir: '../dist-test',
        tsBuildInfoFile: '../dist-test/.tsbuildinfo',
        types: ['node', 'jest'],
        emitDeclarationOnly: true,
        declarationMap: false,
        sourceMap: false,
      },
      include: ['.'],
      references: [
        { path: '..' },
        ...siblings({ ...dependencies, ...devDependencies, ...peerDependencies }).map((to) => ({
          path: `../../${to}`,
        })),
      ],
    });
    all.push({ path: `packages/${name}/test` });
  }
}
for (const folder of EXTRA_TESTS) {
  write(`${folder}/tsconfig.json`, {
    extends: '../tsconfig.base.json',
    compilerOptions: {
      rootDir: '.',
      outDir: './dist-test',
      tsBuildInfoFile: './dist-test/.tsbuildinfo',
      types: ['node', 'jest'],
      emitDeclarationOnly: true,
      declarationMap: false,
      sourceMap: false,
    },
    include: ['.'],
    exclude: ['dist-test'],
    references: packages.map((name) => ({ path: `../packages/${name}` })),
  });
  all.push({ path: folder });
}
write('tsconfig.json', { files: [], references: all });

if (check && stale.length > 0) {
  console.error(`Out of date: ${stale.join(', ')}. Run: node tools/sync-references.mjs`);
  process.exit(1);
}
