// The peers that can be measured on this machine: BullMQ from npm, Celery as the interop tests find it.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findCelery } from '../../tools/services/celery.mjs';

export const PEERS = import.meta.dirname;

let celery;

/** The Python with Celery, its version, or undefined. */
export function celeryPeer() {
  celery ??= { found: findCelery() };
  return celery.found;
}

export function celeryMissing() {
  return celeryPeer() ? undefined : 'no Python with Celery was found, and none could be installed';
}

export function bullMissing() {
  const folder = join(PEERS, 'node_modules', 'bullmq');
  if (!existsSync(folder))
    spawnSync('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock', '--prefix', PEERS], {
      stdio: 'ignore',
    });
  return existsSync(folder) ? undefined : 'bullmq could not be installed from npm';
}

/** For the heading of the results. */
export function peerVersions() {
  const versions = [];
  const python = celeryPeer();
  if (python) versions.push(`Celery ${python.celery} (kombu ${python.kombu})`);
  if (!bullMissing()) versions.push('BullMQ 6.7.0');
  return versions.join(', ');
}
