import type { Failure } from './failure.ts';
import type { Operations } from './operations.ts';
import type { NewsRow } from './results.ts';

/** How the thread is started. */
export interface ThreadData {
  readonly file: string;
  readonly driver: string;
  readonly synchronous: 'normal' | 'full';
  /** Largest size of the file in bytes. */
  readonly maxBytes: number | undefined;
  /** How long requests wait while others keep the file locked. Milliseconds. */
  readonly busyMs: number;
  /** How long to wait for others that are opening the file. Milliseconds. */
  readonly timeoutMs: number;
}

/** What the thread does for whoever asks, and what it answers. */
export interface Calls extends Operations {
  /** Waits for messages; `cancel` ends it. */
  take(connection: number, queues: readonly string[], max: number, leaseMs: number): Catch;
  /** Ends a take that waits, with nothing. One that has its answer already is left alone. */
  cancel(request: number): void;
  /** A sign of life. */
  pong(): void;
  /** The thread ends after this. */
  close(): void;
}

export type CallName = keyof Calls;

/** Asks the thread, or fails with a typed error. */
export type Ask = <K extends CallName>(
  name: K,
  ...args: Parameters<Calls[K]>
) => Promise<ReturnType<Calls[K]>>;

/** Everything asked for in one tick travels in one array. */
export type Request = readonly [id: number, name: CallName, args: readonly unknown[]];
export type Reply = readonly [id: number, value: unknown, failure?: Failure];

/** What the thread has to say after each of its turns. */
export interface Report {
  readonly replies: readonly Reply[];
  readonly heard?: Pack;
  readonly news?: readonly NewsRow[];
  /** Asks for a sign of life. */
  readonly ping?: true;
  /** The thread is up. */
  readonly opened?: true;
  /** The thread has met something that it can't go on with. */
  readonly failed?: Failure;
}

/**
 * Rows as one text, since cloning values one by one costs more than reading all of them at once: a line a row, the
 * numbers in front of the content. Bodies that stand beside the text come one after the other in one buffer that
 * changes hands.
 */
export interface Pack {
  readonly lines: string;
  readonly count: number;
  readonly bodies: Bodies;
}

/** Messages taken, queue by queue. */
export interface Catch extends Pack {
  readonly queues: readonly (readonly [queue: string, count: number])[];
}

export interface Bodies {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Which row each belongs to, and where it ends. */
  readonly ends: readonly (readonly [row: number, end: number])[];
}

/** A row as it comes to the thread or leaves it. */
export type PackedRow = readonly [...numbers: number[], content: string, body: Uint8Array | null];

export interface UnpackedRow {
  readonly numbers: readonly number[];
  /** What the text says; the text itself where it is no JSON. */
  readonly content: unknown;
  readonly body: Uint8Array | null;
}

export const NOTHING: Pack = { lines: '', count: 0, bodies: { bytes: new Uint8Array(), ends: [] } };

/** `numbers` of the row's columns stand in front of the content. */
export function pack(rows: readonly PackedRow[], numbers: number): Pack {
  let lines = '';
  for (const row of rows) {
    const content = row[numbers] as string;
    // A line break is the same as a blank in JSON.
    const line = content.includes('\n') ? content.replaceAll('\n', ' ') : content;
    lines += lines === '' ? '[' : ',\n[';
    for (let column = 0; column < numbers; column++) lines += `${row[column] as number},`;
    lines += `${line}]`;
  }
  return { lines, count: rows.length, bodies: packBodies(rows) };
}

export function unpack({ bodies, count, lines }: Pack, numbers: number): readonly UnpackedRow[] {
  const beside = unpackBodies(bodies);
  const bodyOf = (index: number): Uint8Array | null => (beside.size > 0 ? (beside.get(index) ?? null) : null);
  const rows =
    readTogether(lines, count, numbers) ?? lines.split(',\n').map((line) => readAlone(line, numbers));
  return rows.map((row, index) => ({ numbers: row as number[], content: row[numbers], body: bodyOf(index) }));
}

/** Undefined if one of the lines is no row. */
function readTogether(lines: string, count: number, numbers: number): readonly unknown[][] | undefined {
  try {
    const rows = JSON.parse(`[${lines}]`) as unknown[];
    const whole =
      rows.length === count && rows.every((row) => Array.isArray(row) && row.length === numbers + 1);
    return whole ? (rows as unknown[][]) : undefined;
  } catch {
    return undefined; // somebody wrote to the file by hand
  }
}

function readAlone(line: string, numbers: number): unknown[] {
  let end = 0;
  for (let column = 0; column < numbers; column++) end = line.indexOf(',', end) + 1;
  const content = line.slice(end, -1);
  return [...(JSON.parse(`${line.slice(0, end - 1)}]`) as number[]), parsedOr(content)];
}

function parsedOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Cloning a view would clone all of the buffer behind it, which may be much larger. */
function packBodies(rows: readonly PackedRow[]): Bodies {
  const bodies: (readonly [row: number, body: Uint8Array])[] = [];
  for (const [index, row] of rows.entries()) {
    const body = row.at(-1) as Uint8Array | null;
    if (body !== null) bodies.push([index, body]);
  }
  if (bodies.length === 0) return NOTHING.bodies;
  let size = 0;
  const ends = bodies.map(([row, body]) => [row, (size += body.byteLength)] as const);
  const bytes = new Uint8Array(size);
  for (const [index, [, body]] of bodies.entries()) bytes.set(body, ends[index]![1] - body.byteLength);
  return { bytes, ends };
}

function unpackBodies({ bytes, ends }: Bodies): ReadonlyMap<number, Uint8Array> {
  let start = 0;
  const bodies = new Map<number, Uint8Array>();
  for (const [row, end] of ends) {
    bodies.set(row, bytes.subarray(start, end));
    start = end;
  }
  return bodies;
}
