// The `tq` program of this working copy.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const TQ = fileURLToPath(new URL('../packages/cli/dist/bin.js', import.meta.url));

export function tqMissing() {
  return existsSync(TQ) ? undefined : 'packages/cli is not built';
}
