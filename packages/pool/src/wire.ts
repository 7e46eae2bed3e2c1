import type { AbortReason, HostLog, Outcome } from '@tq/core';

/** File descriptors of a child process: where it reports, its gate, its notes. 0 to 2 are the usual ones, 3 is Node's channel. */
export const REPORT_FD = 4;
export const GATE_FD = 5;
export const NOTES_FD = 6;

/** What a pool tells a host. Travels in arrays: one send carries what was said in one turn of the event loop. */
export type ParentMessage =
  | InitMessage
  | { readonly kind: 'jobs'; readonly jobs: readonly JobMessage[] }
  | { readonly kind: 'abort'; readonly seq: number; readonly notice: AbortNotice }
  | {
      readonly kind: 'answer';
      readonly question: number;
      readonly value?: unknown;
      readonly error?: { readonly message: string };
    }
  | { readonly kind: 'slots'; readonly slots: number }
  | { readonly kind: 'ping' }
  | { readonly kind: 'leave' };

/** The first message of a host's life. */
export interface InitMessage extends HostInfo {
  readonly kind: 'init';
  readonly init: unknown;
  /** Where the permissions to start a job are read from: a file descriptor, or memory that two threads share. */
  readonly gate: GateHandle;
  /** Whether the host, a process, has a note pad. */
  readonly notes: boolean;
  /** Whether the pool wants to know how much memory the host uses. */
  readonly reportMemory: boolean;
}

/** What a host is told about itself. */
export interface HostInfo {
  /** 1…n; a replacement has the index of the host that it replaces. */
  readonly index: number;
  /** As Celery names it: `ForkPoolWorker-1`. */
  readonly processName: string;
  /** For the process list. */
  readonly title: string;
  /** Jobs that may run at one time. */
  readonly slots: number;
}

export type GateHandle =
  | { readonly kind: 'file'; readonly fd: number }
  | { readonly kind: 'shared'; readonly memory: SharedArrayBuffer }
  | { readonly kind: 'open' };

export interface JobMessage {
  /** Counts the jobs that this host was sent; stands for the job in every later message. */
  readonly seq: number;
  readonly payload: unknown;
  /** Say `accepted` when the job starts. */
  readonly announce?: true;
  /** The job's signal was to be aborted before the job was sent. */
  readonly aborted?: AbortNotice;
  /** A gap: the payload could not be sent. */
  readonly skip?: true;
}

export interface AbortNotice {
  readonly reason: AbortReason;
  /** The soft time limit. Seconds. */
  readonly limit?: number;
}

/** What a host tells its pool: each is out, or noted where the pool can read it, before the host starts its next job. */
export type ChildMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly failure: Failure }
  | { readonly kind: 'accepted'; readonly seq: number; readonly atMs: number }
  /** A gap was passed, and its permission is used. */
  | { readonly kind: 'skipped'; readonly seq: number }
  /** Its permission was taken before it arrived: it has not started until the host says so. */
  | { readonly kind: 'awaited'; readonly seq: number }
  | {
      readonly kind: 'done';
      readonly seq: number;
      readonly outcome: Outcome;
      /** How long it held its slot. Whole microseconds: short on the wire. */
      readonly us: number;
    }
  | { readonly kind: 'asked'; readonly seq: number; readonly question: number; readonly value: unknown }
  | {
      readonly kind: 'log';
      readonly level: HostLog['level'];
      readonly message: string;
      readonly fields?: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: 'memory'; readonly bytes: number }
  | { readonly kind: 'pong' };

/** Why a host could not start. */
export interface Failure {
  readonly message: string;
  readonly stack?: string;
}
