import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';
import type { Encoded } from './serializer.ts';
import type { TlsOptions } from './tls.ts';
import type { Address, Connection, Message } from './transport.ts';

/** States that Celery stores (spec: results.md 1); a task may add its own. */
export type TaskState =
  | 'PENDING'
  | 'RECEIVED'
  | 'STARTED'
  | 'RETRY'
  | 'SUCCESS'
  | 'FAILURE'
  | 'REVOKED'
  | (string & {});

/** A result reference on the wire: `[[id, parent], children]`. Spec: results.md 2.2. */
export type ResultTuple = readonly [
  readonly [id: string, parent: ResultTuple | null],
  readonly ResultTuple[] | null,
];

/** What is known about a task: Celery's result meta (spec: results.md 2), names in camelCase. */
export interface TaskMeta<R = unknown> {
  readonly taskId: string;
  readonly status: TaskState;
  /** Return value; `WireError` for RETRY, FAILURE and REVOKED; what the task gave for its own states. */
  readonly result: R;
  readonly traceback: string | null;
  readonly children: readonly ResultTuple[] | null;
  /** ISO 8601 with offset for final states, otherwise null. */
  readonly dateDone: string | null;
  readonly groupId?: string;
  readonly parentId?: string;
  /** The rest only with the setting `resultExtended`. */
  readonly name?: string;
  readonly args?: unknown;
  readonly kwargs?: unknown;
  readonly worker?: string;
  readonly retries?: number;
  readonly queue?: string;
}

/** An exception on the wire. Spec: results.md 3. */
export interface WireError {
  readonly excType: string;
  /** Positional arguments of the exception. */
  readonly excMessage: readonly unknown[];
  readonly excModule: string;
  /** Stack text; travels beside the exception, as `traceback`. */
  readonly traceback: string | null;
}

/** Where a caller waits, for backends that answer by message. */
export interface ReplyRoute {
  readonly replyTo: string | undefined;
  readonly correlationId: string | undefined;
}

/** One value per driver package, without state. */
export interface BackendDriver {
  connect(url: URL, options: BackendOptions): Promise<ResultBackend>;
  /** Where a URL leads that doesn't say so itself, for people. @default the URL without its password */
  place?(url: URL): string;
}

/** What a message or a stored value says of its body. */
export interface Content {
  readonly contentType: string | undefined;
  readonly contentEncoding: string | undefined;
}

/** How results are written and read: the settings `resultSerializer`, `resultAcceptContent` and `resultCompression`. */
export interface ResultCodec {
  /** For backends that send messages. */
  readonly contentType: string;
  readonly contentEncoding: 'utf-8' | 'binary';
  /** How stores that can are to compress what they keep; undefined: not at all. */
  readonly compression?: string | undefined;
  encodeMeta(meta: TaskMeta<Encoded>): Uint8Array;
  /** `content` where the bytes say what they are; otherwise they are as this codec writes. @throws DecodeError, ContentDisallowed */
  decodeMeta(bytes: Uint8Array, content?: Content): TaskMeta;
  /** Of other values, such as the meta of a group. */
  encode(value: unknown): Uint8Array;
  decode(bytes: Uint8Array, content?: Content): unknown;
}

/** What an app gives a result backend. */
export interface BackendOptions {
  readonly logger: Logger;
  readonly clock: Clock;
  /** The setting `resultBackendTransportOptions`. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Life of a result after its last change; undefined = for ever. Milliseconds. */
  readonly expiresMs: number | undefined;
  readonly timeoutMs: number;
  /** Further addresses that the setting names behind the first, as for Sentinels. */
  readonly fallbacks?: readonly URL[];
  /** Whether answers that travel as messages shall survive a restart of the broker. The setting `resultPersistent`. @default false */
  readonly persistent?: boolean;
  /** The app's broker, for backends that answer by message. */
  readonly broker?: BrokerAccess;
  /** How results are written. @default JSON */
  readonly codec?: ResultCodec;
  /** What drivers of some backends ask for; each takes what concerns it. */
  readonly settings?: BackendSettings;
}

/** Settings of result backends in a server, in milliseconds where they are times; undefined = as the URL or the driver says. */
export interface BackendSettings {
  /** Files read; `true` with the defaults. */
  readonly tls: true | TlsOptions | undefined;
  readonly connectTimeoutMs: number | undefined;
  /** Longest wait for an answer. */
  readonly socketTimeoutMs: number | undefined;
  readonly keepAlive: boolean;
  /** Pause between two looks at an idle connection. */
  readonly healthCheckMs: number | undefined;
  readonly clientName: string | undefined;
  /** Where the URL names none. */
  readonly username: string | undefined;
  readonly password: string | undefined;
}

/** What a backend without a server of its own asks its host for. */
export interface BrokerAccess {
  /** The queue that this app's calls name as theirs for answers. */
  readonly replyTo: string;
  /** Opens a connection of the caller's own, to consume. */
  connect(options: { readonly signal: AbortSignal }): Promise<Connection>;
  /** Publishes through the app's one publisher, as patiently as its calls. */
  publish(message: Message, to: Address): Promise<void>;
}

/** Where states and results live. Encoding, error mapping and waiting rules stay in core. */
export interface ResultBackend extends AsyncDisposable {
  readonly traits: {
    /** For display only. */
    readonly driver: string;
    /** Whether a result can be read by anyone who knows its id, any number of times. */
    readonly persistent: boolean;
    readonly expiresByItself: boolean;
  };
  /** Called before the task is published, so no answer can be missed. Undefined where there is nothing to wait for. */
  expect(taskId: string): Promise<void> | undefined;
  /**
   * Keeps a state; a stored SUCCESS is never overwritten. Calls of one tick return one shared promise: they are
   * written in one batch, in order.
   */
  store(meta: TaskMeta<Encoded>, route: ReplyRoute): Promise<void>;
  load(taskId: string): Promise<TaskMeta | undefined>;
  /** Every state as it arrives, beginning with the present one if there is any; ends after the first final one. */
  watch(taskId: string, options: { readonly signal: AbortSignal }): AsyncIterable<TaskMeta>;
  forget(taskId: string): Promise<void>;
  /** Absent where chords cannot be counted; canvas then says so by name. */
  readonly groups?: GroupStore;
}

/** One finished member of a chord's header. */
export interface ChordPart {
  readonly taskId: string;
  readonly state: TaskState;
  readonly result: Encoded;
  /** Position in the header; the results arrive in this order. */
  readonly index: number | undefined;
}

/** How far a chord's header is, told to whoever adds a part. */
export type ChordProgress =
  /** Parts are missing, or the chord is over. */
  | { readonly kind: 'waiting' }
  /** All parts, in the header's order. The caller alone sends the body, then calls `endChord()`. */
  | { readonly kind: 'complete'; readonly parts: readonly ChordPart[] }
  /** Complete, and somebody else is sending the body. Should it have died, whoever asks after `againMs` takes over. */
  | { readonly kind: 'taken'; readonly againMs: number };

/**
 * Groups of results, and the counting of a chord's header.
 *
 * Whoever completes a header holds its body for a lease: a worker that dies between counting and sending loses nothing,
 * since its message is delivered again, the part is added again, and after the lease that answers `complete`.
 */
export interface GroupStore {
  save(groupId: string, children: readonly unknown[]): Promise<void>;
  restore(groupId: string): Promise<readonly unknown[] | undefined>;
  /** What is saved, and all that is known of the chord. */
  forget(groupId: string): Promise<void>;
  /**
   * How many parts the header has. Called before the last member is published: a count that is reached without a size
   * completes nothing, and a size that comes after all parts is noticed by nobody. On the id of a chord that is over it
   * begins a new one.
   */
  setChordSize(groupId: string, size: number): Promise<void>;
  /**
   * Adds to the size, before the new members are published. It holds for members that a running member adds, since that
   * member's own part is still missing; a chord that is complete doesn't grow, and would then never end.
   */
  growChord(groupId: string, by: number): Promise<void>;
  /**
   * Counts one finished member of the header, once per task id and position however often it is delivered. The same store
   * that asks again with the part that completed the set gets `complete` again, until the chord is ended.
   */
  addChordPart(groupId: string, part: ChordPart): Promise<ChordProgress>;
  /** The body is sent, or never will be: the parts go, and late duplicates find `waiting`. Twice is no error. */
  endChord(groupId: string): Promise<void>;
}
