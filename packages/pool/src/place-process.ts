import type { ChildProcess } from 'node:child_process';
import { closeSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { toError } from '@tq/core/internal';
import { takeEarlyHost } from './early.ts';
import { flagsForHosts, forkHost, openHostFiles } from './fork-host.ts';
import type { HostFiles } from './fork-host.ts';
import type { Gate } from './gate.ts';
import { OpenGate } from './gate-open.ts';
import { Lines } from './lines.ts';
import { readNotes } from './notepad.ts';
import type { Place, PlaceEvents, PlaceOptions } from './place.ts';
import { Reports } from './reports.ts';
import { REPORT_FD } from './wire.ts';
import type { ChildMessage, ParentMessage } from './wire.ts';

/** After a process has ended, its last words are in the pipe already; this is how long reading them may take. */
const LAST_WORDS_MS = 2000;
/** The same for stderr, which a grandchild may hold open for ever. */
const LAST_PRINTS_MS = 100;

/**
 * A child process, started afresh and never forked from a running one. It hears through Node's own channel, in arrays,
 * and it speaks through a pipe that it writes to synchronously: what it has said is said, even if it dies with the next
 * instruction or never returns to its event loop.
 */
export function openProcess(options: PlaceOptions, events: PlaceEvents): Place {
  return new ProcessPlace(options, events);
}

class ProcessPlace implements Place {
  readonly gate: Gate;
  readonly #notes: number | undefined;
  readonly #events: PlaceEvents;
  readonly #child: ChildProcess | undefined;
  readonly #reports = new Reports();
  #unsent = 0;
  #congested = false;
  #detail: string | undefined;
  #heardAll = false;
  #printedAll = false;
  #over = false;
  #lastWords: NodeJS.Timeout | undefined;

  constructor(options: PlaceOptions, events: PlaceEvents) {
    this.#events = events;
    const { entry } = options.host;
    const early = options.execArgv === undefined ? takeEarlyHost(entry) : undefined;
    const files = early?.files ?? openFiles(options);
    this.gate = files?.gate ?? new OpenGate();
    this.#notes = files?.notes;
    try {
      this.#child = early?.child ?? forkHost(entry, options.execArgv ?? flagsForHosts(), files);
    } catch (error) {
      setImmediate(() => this.#end(toError(error).message));
      return;
    }
    this.#listen(this.#child);
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get drained(): boolean {
    return !this.#congested;
  }

  get notes(): boolean {
    return this.#notes !== undefined;
  }

  readNotes(): readonly ChildMessage[] {
    return this.#notes === undefined || this.#over ? [] : readNotes(this.#notes);
  }

  send(messages: readonly ParentMessage[]): void {
    const child = this.#child;
    if (!child?.connected) return; // It is going; `gone` follows.
    this.#unsent++;
    try {
      if (!child.send(messages, this.#sent)) this.#congested = true;
    } catch (error) {
      this.#unsent--;
      throw error;
    }
  }

  kill(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  abandon(): void {
    const child = this.#child;
    if (!child) return;
    child.unref();
    if (child.connected) child.disconnect();
    for (const stream of child.stdio) stream?.destroy();
  }

  /** An error here means that the child is going; `gone` tells. */
  readonly #sent = (): void => {
    this.#unsent--;
    if (this.#unsent > 0 || !this.#congested) return;
    this.#congested = false;
    this.#events.drained();
  };

  #listen(child: ChildProcess): void {
    child.on('error', (error) => {
      if (child.pid === undefined) this.#end(error.message);
    });
    child.on('exit', (code, signal) => {
      this.#detail = signal ? `signal ${signal}` : `exit code ${code}`;
      this.#endWhenHeard();
    });
    const speech = child.stdio[REPORT_FD] as Readable | null | undefined;
    speech?.setEncoding('utf8');
    speech?.on('data', (chunk: string) => this.#read(chunk));
    speech?.on('error', () => undefined); // 'close' follows
    speech?.on('close', () => {
      this.#heardAll = true;
      this.#endWhenHeard();
    });
    this.#listenToPrints(child.stdout);
    this.#listenToPrints(child.stderr);
    child.stderr?.on('close', () => {
      this.#printedAll = true;
      this.#endWhenHeard();
    });
  }

  #listenToPrints(stream: Readable | null): void {
    const lines = new Lines((line) => this.#events.printed(line));
    stream?.setEncoding('utf8');
    stream?.on('data', (chunk: string) => lines.push(chunk));
    stream?.on('error', () => undefined); // 'close' follows
    stream?.on('close', () => lines.end());
  }

  #read(chunk: string): void {
    if (this.#over) return;
    let messages;
    try {
      messages = this.#reports.read(chunk);
    } catch {
      // Someone in the child wrote to our pipe; nothing it says can be trusted any more.
      this.kill('SIGKILL');
      return;
    }
    if (messages.length > 0) this.#events.received(messages);
  }

  #endWhenHeard(): void {
    const detail = this.#detail;
    if (detail === undefined || this.#over) return;
    if (this.#heardAll && this.#printedAll) return this.#end(detail);
    clearTimeout(this.#lastWords);
    this.#lastWords = setTimeout(() => this.#end(detail), this.#heardAll ? LAST_PRINTS_MS : LAST_WORDS_MS);
  }

  #end(detail: string): void {
    if (this.#over) return;
    clearTimeout(this.#lastWords);
    const notes = this.readNotes();
    this.#over = true;
    if (notes.length > 0) this.#events.received(notes);
    this.#events.gone(detail);
    if (this.#notes !== undefined) closeSync(this.#notes);
  }
}

function openFiles(options: PlaceOptions): HostFiles | undefined {
  try {
    return openHostFiles();
  } catch (error) {
    options.logger.warn('No temporary file can be made, so jobs go to child processes one by one', {
      reason: toError(error).message,
    });
    return undefined;
  }
}
