// What package-lock.json promises, compared with the manifests it was made from and with what is installed.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { ROOT, packagesOf, readJson } from './repository.mjs';

const FIELDS = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'];
const PUBLIC_REGISTRY = 'https://registry.npmjs.org/';

export const readLock = (root = ROOT) => readJson(join(root, 'package-lock.json')).packages;

/** The folders whose package.json asks for something else than the lock file was made for. */
export function outdatedFor(root = ROOT, lock = readLock(root)) {
  const manifests = [
    { path: '', manifest: readJson(join(root, 'package.json')) },
    ...packagesOf(root).map(({ name, manifest }) => ({ path: `packages/${name}`, manifest })),
  ];
  return manifests
    .filter(({ path, manifest }) => FIELDS.some((field) => differs(manifest[field], lock[path]?.[field])))
    .map(({ path }) => join(path, 'package.json'));
}

const differs = (wanted = {}, locked = {}) => !isDeepStrictEqual({ ...wanted }, { ...locked });

/** The first entry of the lock file that node_modules doesn't have as it should, or undefined. */
export function firstMissing(root = ROOT, lock = readLock(root)) {
  const hidden = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(hidden)) return 'node_modules';
  const installed = readJson(hidden).packages;
  return Object.keys(lock).find((path) => {
    if (!path.includes('node_modules/')) return false;
    const wanted = lock[path];
    const present = installed[path];
    // Binaries of other platforms stay away, with everything that only they need.
    if (present === undefined) return !(wanted.optional || wanted.devOptional);
    return (
      present.version !== wanted.version ||
      present.integrity !== wanted.integrity ||
      present.resolved !== (wanted.link ? wanted.resolved : present.resolved) ||
      !existsSync(join(root, path))
    );
  });
}

/** What would make `npm ci` fail elsewhere, or fetch from somewhere else than the public registry. */
export function faultsOf(lock) {
  const faults = [];
  for (const [path, entry] of Object.entries(lock)) {
    for (const name of Object.keys(entry.optionalDependencies ?? {})) {
      if (!isLocked(lock, path, name))
        faults.push(`${label(path)} wants ${name}, optionally, which has no entry`);
    }
    if (!path.includes('node_modules/') || entry.link) continue;
    if (entry.integrity === undefined) faults.push(`${label(path)} has no integrity`);
    if (entry.resolved !== undefined && !entry.resolved.startsWith(PUBLIC_REGISTRY)) {
      faults.push(`${label(path)} comes from ${entry.resolved}, not from the public registry`);
    }
  }
  return faults;
}

const label = (path) => path || 'the root package';

/** Whether a dependency of the package at `path` is found by Node's walk up the folders. */
function isLocked(lock, path, name) {
  for (let folder = path; ; folder = dirname(folder)) {
    const base = folder === '.' || folder === '' ? '' : `${folder}/`;
    if (!base.endsWith('node_modules/') && `${base}node_modules/${name}` in lock) return true;
    if (base === '') return false;
  }
}
