import type { Sql } from './database.ts';
import { StoreFailure } from './failure.ts';

/** "tqdb": tells tq's files from those of other programs. */
const APPLICATION_ID = 0x74716462;

/** One entry a version, never edited once released: a file of version n needs those from n on. */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE message(
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL,
    priority INTEGER NOT NULL,            -- 0 to 9, the larger is the more urgent
    due_at INTEGER,                       -- unix ms; NULL: ready
    holder INTEGER,                       -- NULL: free
    lease_until INTEGER,                  -- unix ms
    taken INTEGER NOT NULL DEFAULT 0,     -- how often it was taken at all; names a hold
    deliveries INTEGER NOT NULL DEFAULT 0,-- how often it was taken without being given back
    content TEXT NOT NULL,                -- JSON: [exchange, routing key, headers, properties, body if it is short text]
    body BLOB                             -- any other body
  );
  -- In the order of taking. Messages that wait for their time stay out, or a take would wade through them.
  CREATE INDEX message_ready ON message(queue, priority DESC, id) WHERE holder IS NULL AND due_at IS NULL;
  CREATE INDEX message_held ON message(holder) WHERE holder IS NOT NULL;
  CREATE INDEX message_due ON message(due_at, queue) WHERE due_at IS NOT NULL;

  CREATE TABLE queue(name TEXT PRIMARY KEY) WITHOUT ROWID;
  CREATE TABLE binding(
    exchange TEXT NOT NULL, queue TEXT NOT NULL, routing_key TEXT NOT NULL,
    type TEXT NOT NULL,
    arguments TEXT NOT NULL,              -- JSON
    PRIMARY KEY(exchange, queue, routing_key, arguments)
  ) WITHOUT ROWID;
  CREATE INDEX binding_queue ON binding(queue);

  CREATE TABLE broadcast(
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    sent_at INTEGER NOT NULL,
    exchange TEXT NOT NULL,
    content TEXT NOT NULL, body BLOB      -- as in a message
  );
  CREATE TABLE listener(id INTEGER PRIMARY KEY AUTOINCREMENT, holder INTEGER NOT NULL, exchange TEXT NOT NULL);
  CREATE INDEX listener_exchange ON listener(exchange);

  -- Connections that hold messages, listen or keep house, and the processes they live in.
  CREATE TABLE holder(
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    machine TEXT NOT NULL, pid INTEGER NOT NULL, started TEXT,
    seen_at INTEGER NOT NULL              -- unix ms
  );
  CREATE TABLE role(name TEXT PRIMARY KEY, holder INTEGER NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID;

  -- Every change gives a new seq, so that watchers read what is new and nothing else.
  CREATE TABLE result(
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    task_id TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL,
    meta TEXT NOT NULL,                   -- JSON
    expires_at INTEGER                    -- unix ms; NULL: never
  );
  CREATE INDEX result_expiry ON result(expires_at) WHERE expires_at IS NOT NULL;

  CREATE TABLE task_group(
    id TEXT PRIMARY KEY,
    children TEXT,                        -- JSON; NULL: only counted
    size INTEGER,                         -- of a chord's header; NULL: not known yet
    grown INTEGER NOT NULL DEFAULT 0,     -- what was added to the size
    counted INTEGER NOT NULL DEFAULT 0,   -- parts of the header that are there
    claimed_by TEXT,                      -- whose the body is to send; NULL: nobody's
    claimed_until INTEGER,                -- unix ms
    over_until INTEGER,                   -- unix ms; how long late parts are refused, NULL: not over
    expires_at INTEGER
  ) WITHOUT ROWID;
  CREATE INDEX task_group_expiry ON task_group(expires_at) WHERE expires_at IS NOT NULL;
  CREATE TABLE chord_part(
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    group_id TEXT NOT NULL, task_id TEXT NOT NULL,
    state TEXT NOT NULL, result TEXT NOT NULL, position INTEGER
  );
  CREATE UNIQUE INDEX chord_part_once ON chord_part(group_id, task_id, ifnull(position, -1));
  `,
  `
  ALTER TABLE queue ADD COLUMN expires_ms INTEGER; -- unused for so long, it goes; NULL: it stays
  ALTER TABLE queue ADD COLUMN look_at INTEGER;    -- unix ms: when to look whether it must go; NULL: never
  ALTER TABLE queue ADD COLUMN gone_at INTEGER;    -- unix ms; NULL: it is there
  CREATE INDEX queue_look ON queue(look_at) WHERE look_at IS NOT NULL;
  `,
];

/** Brings the file to this version's shape. Several processes may come at once; the first does it. */
export function prepareSchema(sql: Sql): void {
  if (versionOf(sql) === MIGRATIONS.length && ownerOf(sql) === APPLICATION_ID) return;
  sql.transaction(() => {
    const version = versionOf(sql);
    refuseForeign(sql, version);
    for (const migration of MIGRATIONS.slice(version)) sql.exec(migration);
    sql.exec(`PRAGMA application_id=${APPLICATION_ID}; PRAGMA user_version=${MIGRATIONS.length}`);
  });
}

function refuseForeign(sql: Sql, version: number): void {
  const empty = sql.all('SELECT 1 FROM sqlite_schema LIMIT 1').length === 0;
  if (!empty && ownerOf(sql) !== APPLICATION_ID)
    throw new StoreFailure(
      'FOREIGN',
      'it is a database of another program. Give tq a file of its own, for example sqlite:///path/tq.db.',
    );
  if (version > MIGRATIONS.length)
    throw new StoreFailure(
      'NEWER',
      `a newer tq has written it (layout ${version}; this one knows layouts up to ${MIGRATIONS.length}). Upgrade @tq/sqlite here, or use another file.`,
    );
}

function versionOf(sql: Sql): number {
  return numberOf(sql, 'PRAGMA user_version');
}

function ownerOf(sql: Sql): number {
  return numberOf(sql, 'PRAGMA application_id');
}

function numberOf(sql: Sql, query: string): number {
  return sql.all<[number]>(query)[0]?.[0] ?? 0;
}
