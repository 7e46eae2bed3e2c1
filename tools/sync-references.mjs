// Writes the tsconfig.json of every package, of every test folder and of the root from the dependencies in
// package.json, the one source of truth. `--check` changes nothing and fails when something would change.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { ROOT, packagesOf, readJson, siblingsIn, sourcesBelow } from './repository.mjs';

/** TypeScript outside the packages that may use all of them, and the global types it sees. */
const OUTSIDE = { bench: ['node'], examples: ['node'], test: ['node', 'jest'] };

const isCheck = process.argv.includes('--check');
const stale = [];
const built = [];

for (const { name, folder, manifest } of packagesOf()) {
  const { dependencies, devDependencies, peerDependencies } = manifest;
  write(`packages/${name}`, {
    extends: '../../tsconfig.base.json',
    compilerOptions: { rootDir: 'src', outDir: 'dist', tsBuildInfoFile: 'dist/.tsbuildinfo' },
    include: ['src'],
    references: siblingsIn({ ...dependencies, ...peerDependencies }).map((to) => ({ path: `../${to}` })),
  });
  if (!existsSync(join(folder, 'test'))) continue;
  const used = siblingsIn({ ...dependencies, ...devDependencies, ...peerDependencies });
  write(`packages/${name}/test`, {
    extends: '../../../tsconfig.base.json',
    compilerOptions: checkedOnly('..', ['node', 'jest']),
    include: ['.'],
    references: [{ path: '..' }, ...used.map((to) => ({ path: `../../${to}` }))],
  });
}
for (const [folder, types] of Object.entries(OUTSIDE)) {
  if (!hasTypeScript(folder)) continue;
  write(folder, {
    extends: '../tsconfig.base.json',
    compilerOptions: checkedOnly('.', types),
    include: ['.'],
    // CommonJS programs are written as users of another compiler setting write them.
    exclude: ['dist-test', '**/*.cts'],
    references: packagesOf().map(({ name }) => ({ path: `../packages/${name}` })),
  });
}
writeIfChanged('tsconfig.json', { files: [], references: built });

if (isCheck && stale.length > 0) {
  console.error(`Out of date: ${stale.join(', ')}. Run: node tools/sync-references.mjs`);
  process.exit(1);
}

/** Options of what is never run from its output; a composite project has to write something, so it writes types. */
function checkedOnly(outside, types) {
  return {
    rootDir: '.',
    outDir: `${outside}/dist-test`,
    tsBuildInfoFile: `${outside}/dist-test/.tsbuildinfo`,
    types,
    // Tests import sources, whose output lies elsewhere; nothing here is run from its output.
    rewriteRelativeImportExtensions: false,
    allowImportingTsExtensions: true,
    emitDeclarationOnly: true,
    declarationMap: false,
    sourceMap: false,
  };
}

function hasTypeScript(folder) {
  const path = join(ROOT, folder);
  return existsSync(path) && sourcesBelow(path).some((file) => file.endsWith('.ts'));
}

function write(folder, content) {
  built.push({ path: folder });
  writeIfChanged(`${folder}/tsconfig.json`, content);
}

/** Leaves a file alone that says the same in another layout. */
function writeIfChanged(path, content) {
  const file = join(ROOT, path);
  if (existsSync(file) && isDeepStrictEqual(readJson(file), content)) return;
  stale.push(path);
  if (!isCheck) writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`);
}
