import type { Logger, PoolHost } from '@tq/core';
import type { Gate } from './gate.ts';
import type { ChildMessage, ParentMessage } from './wire.ts';

/** Somewhere that jobs can run: a child process, a thread, this very process. One life, from opening to gone. */
export interface Place {
  readonly pid: number;
  readonly gate: Gate;
  /** False while much of what was sent has not left yet: no time to send jobs ahead. */
  readonly drained: boolean;
  /** Whether the host notes what it keeps back for a moment; see notepad.ts. */
  readonly notes: boolean;
  /** What the host has noted. Parts of it may have been received already. */
  readNotes(): readonly ChildMessage[];
  /** Never blocks. Throws only when a message can't be put into words (a circular payload); then nothing was sent. */
  send(messages: readonly ParentMessage[]): void;
  /** Ends it by force. Where that is impossible, nothing happens. */
  kill(signal: NodeJS.Signals): void;
  /** Gives up on a place that can't be killed: it may not keep this process alive. */
  abandon(): void;
}

export interface PlaceEvents {
  received(messages: readonly ChildMessage[]): void;
  /** A line written to stdout or stderr. */
  printed(line: string): void;
  drained(): void;
  /** It is no more. Called once, after its last message. */
  gone(detail: string): void;
}

export interface PlaceOptions {
  readonly host: PoolHost;
  readonly logger: Logger;
  /** Flags for Node. @default those of this process, without the debugger's */
  readonly execArgv?: readonly string[];
}

/** Opens a place; what goes wrong is told by `gone`. */
export type OpenPlace = (options: PlaceOptions, events: PlaceEvents) => Place;
