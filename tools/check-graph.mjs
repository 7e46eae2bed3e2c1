// Compares what packages declare and what their files import with the table in graph.mjs. Cycles are the linter's.
import { existsSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { MAY_IMPORT, ONLY_IN, PRIVATE, mayImport } from './graph.mjs';
import { importsOf } from './imports.mjs';
import { SCOPE, packagesOf, readJson, runCheck, siblingsIn, sourcesBelow } from './repository.mjs';

/** Folders beside `packages` whose files may use packages, through their doors only. */
const OUTSIDE = ['examples', 'bench', 'test', 'tools'];

await runCheck('dependency graph', (root) => {
  const packages = packagesOf(root);
  const context = { root, packages, tools: readJson(join(root, 'package.json')).devDependencies ?? {} };
  return [
    ...packages.flatMap(declared),
    ...packages.flatMap((self) => [
      ...filesOf(self, 'src', (file, wanted) => fromSource(context, self, file, wanted)),
      ...filesOf(self, 'test', (file, wanted) => fromTest(context, self, file, wanted)),
    ]),
    ...OUTSIDE.flatMap((folder) =>
      filesOf({ folder: root }, folder, (file, wanted) => fromOutside(context, folder, file, wanted)),
    ),
  ].map((finding) => finding.replaceAll(root + sep, ''));
});

/** Whether the dependencies of a package.json are those the table allows. */
function declared({ name, folder, manifest }) {
  const file = join(folder, 'package.json');
  if (!(name in MAY_IMPORT)) return [`${file}: ${name} has no row in the table of tools/graph.mjs`];
  const findings = [];
  const dependencies = shipped(manifest);
  for (const to of siblingsIn(dependencies)) {
    if (PRIVATE.includes(to)) findings.push(`${file}: ${to} belongs into devDependencies`);
    else if (!mayImport(name, to)) findings.push(`${file}: ${name} may not depend on ${to}`);
  }
  for (const to of Object.keys(dependencies)) {
    if (to.startsWith(SCOPE)) continue;
    if (name === 'core') findings.push(`${file}: core has no dependencies, so not on ${to} either`);
    if (belongsElsewhere(name, to)) findings.push(`${file}: ${to} belongs to ${ONLY_IN[to].join(', ')}`);
  }
  if (PRIVATE.includes(name) !== (manifest.private === true)) {
    findings.push(`${file}: "private" must be ${PRIVATE.includes(name)}`);
  }
  return findings;
}

function filesOf({ folder }, below, findingIn) {
  if (!existsSync(join(folder, below))) return [];
  return sourcesBelow(join(folder, below)).flatMap((file) =>
    importsOf(file)
      .map((wanted) => findingIn(file, wanted))
      .filter((finding) => finding !== undefined)
      .map((finding) => `${file}: ${finding}`),
  );
}

function fromSource({ packages, tools }, self, file, wanted) {
  const source = join(self.folder, 'src');
  if (isRelative(wanted)) {
    const target = resolve(dirname(file), wanted);
    if (!isBelow(source, target)) return `${wanted} leads out of the package's src`;
    if (target === join(source, 'index.ts'))
      return "import the file you mean, not the package's own index.ts";
    return /\.(ts|json)$/.test(wanted) ? undefined : `${wanted} must carry its extension, .ts`;
  }
  if (isBuiltin(wanted)) return wanted.startsWith('node:') ? undefined : `write node:${wanted}`;
  const name = packageIn(wanted);
  if (name === self.manifest.name) return `${wanted} is this very package: import the file you mean`;
  // What is never published may use the tools of the repository.
  const known = { ...shipped(self.manifest), ...(PRIVATE.includes(self.name) && tools) };
  if (!(name in known)) return `${name} is not among the package's dependencies`;
  if (belongsElsewhere(self.name, name)) return `${name} belongs to ${ONLY_IN[name].join(', ')}`;
  return throughADoor(packages, wanted);
}

function fromTest({ root, packages, tools }, self, file, wanted) {
  if (isRelative(wanted)) {
    const target = resolve(dirname(file), wanted);
    const isForeign = isBelow(join(root, 'packages'), target) && !isBelow(self.folder, target);
    return isForeign ? `${wanted} leads into another package` : undefined;
  }
  if (isBuiltin(wanted)) return wanted.startsWith('node:') ? undefined : `write node:${wanted}`;
  const name = packageIn(wanted);
  const known = { ...shipped(self.manifest), ...self.manifest.devDependencies, ...tools };
  if (name !== self.manifest.name && !(name in known))
    return `${name} is not among the package's dependencies`;
  return throughADoor(packages, wanted);
}

function fromOutside({ root, packages }, folder, file, wanted) {
  if (isRelative(wanted)) {
    const isInside = isBelow(join(root, 'packages'), resolve(dirname(file), wanted));
    return isInside ? `${wanted} leads into a package: import it by its name` : undefined;
  }
  if (folder === 'examples' && wanted.endsWith('/internal')) return `${wanted} is for sibling packages only`;
  return throughADoor(packages, wanted);
}

/** A package of ours is entered by what its `exports` names. */
function throughADoor(packages, wanted) {
  const name = packageIn(wanted);
  if (!name.startsWith(SCOPE)) return undefined;
  const target = packages.find(({ manifest }) => manifest.name === name);
  if (target === undefined) return `there is no package ${name}`;
  const door = `.${wanted.slice(name.length)}`;
  return door in (target.manifest.exports ?? {})
    ? undefined
    : `${wanted} is not among the exports of ${name}`;
}

function shipped(manifest) {
  return { ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.peerDependencies };
}

function belongsElsewhere(name, dependency) {
  return dependency in ONLY_IN && !ONLY_IN[dependency].includes(name);
}

function isRelative(wanted) {
  return /^(\.|\/|file:)/.test(wanted);
}

function isBelow(folder, path) {
  return !relative(folder, path).startsWith('..');
}

function packageIn(wanted) {
  const parts = wanted.startsWith('@') ? 2 : 1;
  return wanted.split('/').slice(0, parts).join('/');
}
