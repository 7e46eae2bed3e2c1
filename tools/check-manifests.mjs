// What every package.json says in the same way, and the files that belong beside it.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { SCOPE, packagesOf, readJson, runCheck } from './repository.mjs';

/** Scripts that would run on a user's machine, or before the built files are packed. */
const UNWANTED_SCRIPTS = /^(pre|post)?(install|pack|prepare|publish)|^prepublishOnly$/;

await runCheck('manifests', (root) => {
  const { version } = readJson(join(root, 'lerna.json'));
  const { engines } = readJson(join(root, 'package.json'));
  const license = readFileSync(join(root, 'LICENSE'), 'utf8');
  return packagesOf(root).flatMap((each) =>
    [...fields(each, { version, engines }), ...doors(each), ...files(each, license)].map(
      (finding) => `packages/${each.name}: ${finding}`,
    ),
  );
});

function* fields({ name, manifest }, { version, engines }) {
  const wanted = {
    name: SCOPE + name,
    version,
    license: 'MIT',
    type: 'module',
    files: ['dist', 'src', '!dist/.tsbuildinfo'],
    engines,
    publishConfig: manifest.private ? undefined : { access: 'public' },
  };
  for (const [field, value] of Object.entries(wanted)) {
    if (!isDeepStrictEqual(manifest[field], value)) yield `"${field}" must be ${JSON.stringify(value)}`;
  }
  if (!manifest.description) yield '"description" is missing';
  if (!manifest.private && !manifest.keywords?.length) yield '"keywords" are missing';
  for (const script of Object.keys(manifest.scripts ?? {})) {
    if (UNWANTED_SCRIPTS.test(script)) yield `the script "${script}" must go`;
  }
  for (const kind of ['dependencies', 'devDependencies', 'peerDependencies']) {
    for (const [to, range] of Object.entries(manifest[kind] ?? {})) {
      if (to.startsWith(SCOPE) && range !== version) yield `${to} in "${kind}" must be ${version}, exactly`;
    }
  }
}

/** Exports and programs are built files, each with its source. */
function* doors({ folder, manifest }) {
  const { './package.json': self, ...entries } = manifest.exports ?? {};
  if (self !== './package.json') yield '"exports" lacks "./package.json"';
  if (!('.' in entries)) yield '"exports" lacks "."';
  for (const [door, target] of Object.entries(entries)) {
    const path = target.default?.replace(/^\.\/dist\/(.+)\.js$/, '$1');
    const wanted = { types: `./dist/${path}.d.ts`, default: `./dist/${path}.js` };
    if (!isDeepStrictEqual(target, wanted))
      yield `the export "${door}" must have "types" and "default" in dist`;
    else if (!existsSync(join(folder, `src/${path}.ts`))) yield `the export "${door}" has no src/${path}.ts`;
  }
  for (const [name, file] of Object.entries(manifest.bin ?? {})) {
    const source = file.replace(/^\.\/dist\/(.+)\.js$/, 'src/$1.ts');
    if (!existsSync(join(folder, source))) yield `the program ${name} has no ${source}`;
    else if (!readFileSync(join(folder, source), 'utf8').startsWith('#!/usr/bin/env node\n')) {
      yield `${source} must begin with #!/usr/bin/env node`;
    }
  }
}

function* files({ folder, manifest }, license) {
  if (manifest.private) return;
  if (!existsSync(join(folder, 'README.md'))) yield 'README.md is missing';
  const own = join(folder, 'LICENSE');
  if (!existsSync(own) || readFileSync(own, 'utf8') !== license)
    yield 'LICENSE must be a copy of the one at the root';
}
