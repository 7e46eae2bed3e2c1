import type { BroadcastRow } from './broadcasts.ts';
import type { Failure } from './failure.ts';
import type { TakenRow } from './messages.ts';
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
  readonly heard?: Pack<BroadcastRow>;
  readonly news?: readonly NewsRow[];
  /** Asks for a sign of life. */
  readonly ping?: true;
  /** The thread is up. */
  readonly opened?: true;
  /** The thread has met something that it can't go on with. */
  readonly failed?: Failure;
}

/** Rows whose last column is a body, with the bodies one after the other in one buffer that changes hands. */
export interface Pack<R extends readonly [...unknown[], Uint8Array]> {
  readonly rows: readonly HeadOf<R>[];
  readonly bodies: Bodies;
}

export type HeadOf<R extends readonly unknown[]> = R extends readonly [...infer H, Uint8Array] ? H : never;

/** Messages taken, queue by queue. */
export interface Catch extends Pack<TakenRow> {
  readonly queues: readonly (readonly [queue: string, count: number])[];
}

export interface Bodies {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly ends: readonly number[];
}

/** Cloning a view would clone all of the buffer behind it, which may be much larger. */
export function packBodies(bodies: readonly Uint8Array[]): Bodies {
  let size = 0;
  const ends = bodies.map((body) => (size += body.byteLength));
  const bytes = new Uint8Array(size);
  for (const [index, body] of bodies.entries()) bytes.set(body, (ends[index] as number) - body.byteLength);
  return { bytes, ends };
}

export function unpackBodies({ bytes, ends }: Bodies): Uint8Array[] {
  return ends.map((end, index) => bytes.subarray(index === 0 ? 0 : ends[index - 1], end));
}

export function pack<R extends readonly [...unknown[], Uint8Array]>(rows: readonly R[]): Pack<R> {
  const heads = rows.map((row) => row.slice(0, -1) as unknown as HeadOf<R>);
  return { rows: heads, bodies: packBodies(rows.map((row) => row.at(-1) as Uint8Array)) };
}
