// Makes a clone ready to work: packages installed as package-lock.json says, build current. Both are left alone when
// they are; knowing that takes some 10 ms for the packages and 0.1 s for the build.
import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import { bin, run } from './child.mjs';
import { firstMissing, outdatedFor, readLock } from './lock.mjs';
import { Refusal, npm } from './npm.mjs';
import { ROOT, packagesOf } from './repository.mjs';

export async function ensureInstalled() {
  const lock = readLock();
  const [changed] = outdatedFor(ROOT, lock);
  if (changed !== undefined) {
    throw new Refusal(
      `${changed} asks for something package-lock.json doesn't have: run npm install, then start again.`,
    );
  }
  if (firstMissing(ROOT, lock) === undefined) return;
  const started = Date.now();
  console.log('Installing packages (npm ci) …');
  // Tools are wanted whatever NODE_ENV says; no dependency needs its install script.
  await npm(['ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund']);
  console.log(`Installed in ${seconds(started)}.`);
}

export async function ensureBuilt() {
  const started = Date.now();
  const isFirst = packagesOf().some(({ folder }) => !existsSync(join(folder, 'dist')));
  if (isFirst) console.log('Building (tsc -b) …');
  if ((await run([bin('tsc', 'typescript'), '-b'])) !== 0) {
    throw new Refusal('The build has errors, listed above: mend them, then start again.');
  }
  await linkPrograms();
  if (isFirst) console.log(`Built in ${seconds(started)}.`);
}

/** npm links no program whose file isn't there yet, and at the time of the installation ours isn't. */
export async function linkPrograms() {
  for (const { manifest, folder } of packagesOf()) {
    const isLacking = Object.entries(manifest.bin ?? {}).some(
      ([name, file]) => existsSync(join(folder, file)) && !isRunnable(join(ROOT, 'node_modules/.bin', name)),
    );
    if (isLacking) await npm(['rebuild', '--ignore-scripts', manifest.name]);
  }
}

function isRunnable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;
