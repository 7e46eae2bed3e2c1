// What the numbers were taken on. Says nothing that identifies the machine.
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, platform, release, totalmem } from 'node:os';
import Database from 'libsql';

export function describeMachine() {
  const gigabytes = Math.round(totalmem() / 1024 ** 3);
  const [kernel] = /^\d+\.\d+/.exec(release()) ?? [release()];
  return [
    `${availableParallelism()} × ${cpus()[0]?.model.trim() ?? 'unknown CPU'}, ${gigabytes} GB, ${platform()} ${kernel}`,
    `Node ${process.versions.node}, tq ${versionOf('@tq/core')}, libsql ${versionOf('libsql')} (SQLite ${sqliteVersion()})`,
    `load of the last minute before the first round: ${loadavg()[0]?.toFixed(1)}`,
  ];
}

function versionOf(name) {
  const file = new URL(`../node_modules/${name}/package.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')).version;
}

function sqliteVersion() {
  const database = new Database(':memory:');
  const { version } = database.prepare('SELECT sqlite_version() AS version').get();
  database.close();
  return version;
}
