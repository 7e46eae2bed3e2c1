// The app of the benchmarks. The queue file comes in the environment, so that worker, children and callers agree.
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createApp } from '@tq/core';

const {
  BENCH_QUEUE: queue = 'sqlite://',
  BENCH_RESULTS: results = queue,
  BENCH_LEDGER: ledger,
} = process.env;

export const app = createApp('bench', { module: import.meta.url, broker: queue, backend: results || null });

const WRITE_MS = 100;

const seen = { count: 0, firstMs: 0, lastMs: 0 };
let writing;

function note() {
  seen.lastMs = performance.now();
  if (seen.count++ === 0) seen.firstMs = seen.lastMs;
  if (ledger) writing ??= setTimeout(write, WRITE_MS);
}

/** Does nothing; the process that runs it remembers when. */
export const noop = app.task('bench.noop', { ignoreResult: true }, note);

/** Gives back what it was given. */
export const echo = app.task('bench.echo', (value) => {
  note();
  return value;
});

/** The body of chords. */
export const length = app.task('bench.length', (list) => list.length);

/** Whoever measures reads along, and knows by it when all is done. */
function write() {
  writing = undefined;
  const { count, firstMs, lastMs } = seen;
  const at = (ms) => performance.timeOrigin + ms;
  const page = JSON.stringify({ count, firstMs: at(firstMs), lastMs: at(lastMs) });
  // Nobody reads half a page.
  writeFileSync(join(ledger, `${process.pid}.part`), page);
  renameSync(join(ledger, `${process.pid}.part`), join(ledger, `${process.pid}.json`));
}

if (ledger) process.on('exit', () => seen.count > 0 && write());
