import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** Something is wrong with the file. The message goes on after "The queue file … can't be used: ". */
export class StoreFailure extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'StoreFailure';
    this.code = code;
  }
}

/** How a failure travels from the thread. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  /** Whether the connection is of no use any more. */
  readonly fatal: boolean;
}

const REASONS: Readonly<Record<string, string>> = {
  SQLITE_FULL:
    'the disk, or the size allowed by max_size, is full. Nothing of this step was kept; free some space and try again.',
  SQLITE_CORRUPT:
    'its content is damaged. Stop every process that uses it, then move it away and start afresh, or save what is left with: sqlite3 FILE .recover',
  SQLITE_NOTADB: 'it is not an SQLite database. Move it away or choose another path.',
  SQLITE_READONLY: 'it may not be written to. Give this user write access to the file and to its folder.',
  SQLITE_PERM: 'this user may not open it. Give this user access to the file and to its folder.',
  SQLITE_BUSY:
    'another process has kept it locked. Look for a program that has the file open in a transaction.',
  SQLITE_IOERR: 'reading or writing failed. Check the disk; network file systems are not supported.',
};

/** After these nothing on this connection can be trusted. */
const FATAL = [
  'SQLITE_CORRUPT',
  'SQLITE_NOTADB',
  'SQLITE_IOERR',
  'REPLACED',
  'TAKEN_FOR_DEAD',
  'NEWER',
  'FOREIGN',
];

/** Whether another process is in the way and a later try may do. */
export function isBusy(error: unknown): boolean {
  const code = codeOf(error);
  return code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED') || code === 'SQLITE_PROTOCOL';
}

export function isFull(error: unknown): boolean {
  return codeOf(error).startsWith('SQLITE_FULL');
}

/** What happened to the file, and what to do about it. */
export function explain(error: unknown, file: string): Failure {
  const code = codeOf(error);
  const reason = error instanceof StoreFailure ? error.message : (reasonOf(code) ?? textOf(error));
  return {
    code,
    message: `The queue file ${file} can't be used: ${reason}`,
    fatal: FATAL.some((each) => code.startsWith(each)),
  };
}

/** What keeps a file from being opened. SQLite itself says little, and may make do with reading. */
export function obstacle(file: string): string | undefined {
  const folder = dirname(file);
  if (!existsSync(folder)) return `the folder ${folder} does not exist. Create it or correct the URL.`;
  if (existsSync(file) && statSync(file).isDirectory())
    return 'it is a folder. Name a file in it, for example sqlite:///path/queue.db.';
  if (existsSync(file) && !writable(file)) return REASONS.SQLITE_READONLY;
  if (!writable(folder))
    return `the folder ${folder} may not be written to. Give this user write access to it or choose another path.`;
  return undefined;
}

function writable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function reasonOf(code: string): string | undefined {
  const found = Object.keys(REASONS).find((each) => code === each || code.startsWith(`${each}_`));
  return found && REASONS[found];
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'UNKNOWN';
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
