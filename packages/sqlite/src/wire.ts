import type { Content } from './content.ts';
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

/** Instead of requests: the thread has to go, finished or not. */
export const END_AT_ONCE = 'end at once';

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
 * Rows as they travel, since cloning values one by one costs more than reading them: all numbers in one array, all texts
 * in one, a line a row. Bodies that stand beside the text come one after the other in one buffer. The arrays change hands.
 */
export interface Pack {
  readonly count: number;
  readonly numbers: Float64Array<ArrayBuffer>;
  readonly lines: string;
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

export const NOTHING: Pack = {
  count: 0,
  numbers: new Float64Array(),
  lines: '',
  bodies: { bytes: new Uint8Array(), ends: [] },
};

/** `numbers` of the row's columns stand in front of the content. */
export function pack(rows: readonly PackedRow[], numbers: number): Pack {
  const all = new Float64Array(rows.length * numbers);
  const lines: string[] = [];
  let at = 0;
  for (const row of rows) {
    for (let column = 0; column < numbers; column++) all[at++] = row[column] as number;
    const content = row[numbers] as string;
    // A line break is the same as a blank in JSON.
    lines.push(content.includes('\n') ? content.replaceAll('\n', ' ') : content);
  }
  return { count: rows.length, numbers: all, lines: lines.join('\n'), bodies: packBodies(rows) };
}

/** The contents of the rows, in their order; their numbers stay where they are. */
export function unpack({ bodies, count, lines }: Pack): readonly Content[] {
  if (count === 0) return [];
  const beside = unpackBodies(bodies);
  return lines.split('\n').map((content, index) => ({ content, body: beside?.get(index) ?? null }));
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

function unpackBodies({ bytes, ends }: Bodies): ReadonlyMap<number, Uint8Array> | undefined {
  if (ends.length === 0) return undefined;
  let start = 0;
  const bodies = new Map<number, Uint8Array>();
  for (const [row, end] of ends) {
    bodies.set(row, bytes.subarray(start, end));
    start = end;
  }
  return bodies;
}
