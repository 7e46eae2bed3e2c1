// A sign that something has happened, with the time at which it did.
import { renameSync, writeFileSync } from 'node:fs';

/** Whole or not there at all, for whoever looks for it. */
export function leaveMark() {
  const file = process.env.BENCH_MARK;
  writeFileSync(`${file}.new`, String(performance.timeOrigin + performance.now()));
  renameSync(`${file}.new`, file);
}
