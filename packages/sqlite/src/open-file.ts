import { setTimeout as delay } from 'node:timers/promises';
import { Sql, openDatabase } from './database.ts';
import { StoreFailure, isBusy, obstacle } from './failure.ts';
import { prepareSchema } from './schema.ts';
import type { ThreadData } from './wire.ts';

const PAUSE_MS = 15;

/** Opens the file and brings it into shape. Waits for others that are doing so at this moment. */
export async function openFile(data: ThreadData): Promise<Sql> {
  const reason = obstacle(data.file);
  if (reason !== undefined) throw new StoreFailure('CANTOPEN', reason);
  const endMs = performance.now() + data.timeoutMs;
  for (;;) {
    const sql = new Sql(openDatabase(data.file, data.driver));
    try {
      settle(sql, data);
      prepareSchema(sql);
      return sql;
    } catch (error) {
      sql.close();
      if (!isBusy(error) || performance.now() > endMs) throw error;
    }
    await delay(PAUSE_MS);
  }
}

function settle(sql: Sql, data: ThreadData): void {
  const [mode] = sql.all<[string]>('PRAGMA journal_mode=WAL')[0] ?? [];
  if (mode !== 'wal')
    throw new StoreFailure('NO_WAL', 'this file system offers no shared memory. Use a local disk.');
  sql.exec(`
    PRAGMA synchronous=${data.synchronous};
    PRAGMA wal_autocheckpoint=0;
    PRAGMA temp_store=MEMORY;
    PRAGMA cache_size=-16000;
  `);
  if (data.maxBytes !== undefined) limitSize(sql, data.maxBytes);
}

function limitSize(sql: Sql, maxBytes: number): void {
  const [pageSize] = sql.all<[number]>('PRAGMA page_size')[0] ?? [4096];
  sql.exec(`PRAGMA max_page_count=${Math.max(Math.floor(maxBytes / pageSize), 1)}`);
}
