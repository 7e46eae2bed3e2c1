import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';

/** A folder of this test file's own, removed at its end. */
export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tq-sqlite-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The URL of a file that no other test uses. */
export function fileUrl(folder: string, name: string, query = ''): URL {
  return new URL(`sqlite://${join(folder, `${name}.db`)}${query}`);
}
