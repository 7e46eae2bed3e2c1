// What the processes that ran tasks have written down: how many, and when the first and the last.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** How many tasks have run so far. */
export function ranIn(ledger) {
  return pagesOf(ledger).reduce((sum, page) => sum + page.count, 0);
}

/** When the first ran, and the last, in ms of unix time. Every task must have run, and none twice. */
export function spanOf(ledger, count) {
  const ran = ranIn(ledger);
  if (ran !== count) throw new Error(`${count} tasks were sent, and ${ran} ran`);
  const pages = pagesOf(ledger);
  return {
    firstMs: Math.min(...pages.map((page) => page.firstMs)),
    lastMs: Math.max(...pages.map((page) => page.lastMs)),
  };
}

/** Tasks a second, from the first to the last. */
export function rateOf(ledger, count) {
  const { firstMs, lastMs } = spanOf(ledger, count);
  return (count / (lastMs - firstMs)) * 1000;
}

function pagesOf(ledger) {
  const names = readdirSync(ledger).filter((name) => name.endsWith('.json'));
  return names.map((name) => JSON.parse(readFileSync(join(ledger, name), 'utf8')));
}
