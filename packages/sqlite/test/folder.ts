import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll } from '@jest/globals';
import { silentLogger, systemClock } from '@tq/core';
import { uniqueName } from '@tq/testkit';
import type { QueueStore } from '@tq/virtual';
import { Sql, openDatabase } from '../src/database.ts';
import type { Row } from '../src/database.ts';
import { openStore } from '../src/store.ts';

/** A folder of this test file's own, removed at its end. */
export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tq-sqlite-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The URL of a file that no other test uses. */
export function fileUrl(folder: string, name = uniqueName('file'), query = ''): URL {
  return new URL(`sqlite://${join(folder, `${name}.db`)}${query}`);
}

/** Spares the tests of a file the start of a thread each. */
export function keepOpen(url: URL): void {
  let store: QueueStore;
  beforeAll(async () => {
    store = await openStore(url, {
      logger: silentLogger,
      clock: systemClock,
      options: {},
      timeoutMs: 10_000,
    });
  });
  afterAll(async () => {
    await store[Symbol.asyncDispose]();
  });
}

export function pathOf(url: URL): string {
  return fileURLToPath(new URL(`file://${url.pathname}`));
}

/** Looks into the file, past the package. */
export function rowsOf(url: URL, query: string): readonly Row[] {
  const sql = new Sql(openDatabase(pathOf(url), 'libsql'));
  try {
    sql.exec('PRAGMA wal_autocheckpoint=0');
    return sql.all(query);
  } finally {
    sql.close();
  }
}

export function integrityOf(url: URL): unknown {
  return rowsOf(url, 'PRAGMA integrity_check')[0]?.[0];
}
