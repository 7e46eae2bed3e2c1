// What the numbers were taken on. Says nothing that identifies the machine.
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, platform, release, totalmem } from 'node:os';
import { Database, bindingVersion } from './apps/binding.mjs';

export function describeMachine() {
  const gigabytes = Math.round(totalmem() / 1024 ** 3);
  const [kernel] = /^\d+\.\d+/.exec(release()) ?? [release()];
  return [
    `${availableParallelism()} × ${cpus()[0]?.model.trim() ?? 'unknown CPU'}, ${gigabytes} GB, ${platform()} ${kernel}`,
    `Node ${process.versions.node}, tq ${tqVersion()}, libsql ${bindingVersion} (SQLite ${sqliteVersion()})`,
    `load of the last minute before the first round: ${loadavg()[0]?.toFixed(1)}`,
  ];
}

function tqVersion() {
  return JSON.parse(readFileSync(new URL('../packages/core/package.json', import.meta.url), 'utf8')).version;
}

function sqliteVersion() {
  const database = new Database(':memory:');
  const { version } = database.prepare('SELECT sqlite_version() AS version').get();
  database.close();
  return version;
}
