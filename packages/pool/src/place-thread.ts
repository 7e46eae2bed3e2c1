import { Worker } from 'node:worker_threads';
import { toError } from '@tq/core/internal';
import { SharedGate } from './gate-shared.ts';
import { Lines } from './lines.ts';
import type { Place, PlaceEvents, PlaceOptions } from './place.ts';
import type { ChildMessage, ParentMessage } from './wire.ts';

/** A thread of this process, with an event loop and a heap of its own. */
export function openThread(options: PlaceOptions, events: PlaceEvents): Place {
  return new ThreadPlace(options, events);
}

class ThreadPlace implements Place {
  readonly pid = process.pid;
  readonly gate = new SharedGate();
  readonly drained = true;
  readonly notes = false;
  readonly #worker: Worker | undefined;
  #reason: string | undefined;
  #killed = false;

  constructor(options: PlaceOptions, events: PlaceEvents) {
    try {
      this.#worker = new Worker(new URL(options.host.entry), {
        stdout: true,
        stderr: true,
        ...(options.execArgv ? { execArgv: [...options.execArgv] } : {}),
      });
    } catch (error) {
      setImmediate(() => events.gone(toError(error).message));
      return;
    }
    this.#listen(this.#worker, events);
  }

  readNotes(): readonly ChildMessage[] {
    return [];
  }

  send(messages: readonly ParentMessage[]): void {
    this.#worker?.postMessage(messages);
  }

  /** Threads know no signals: each of them means the end. */
  kill(): void {
    this.#killed = true;
    void this.#worker?.terminate(); // 'exit' follows
  }

  abandon(): void {
    this.#worker?.unref();
  }

  #listen(worker: Worker, events: PlaceEvents): void {
    // Each message is posted by itself: it has left the thread before the next job can block it.
    worker.on('message', (message: ChildMessage) => events.received([message]));
    worker.on('error', (error) => {
      this.#reason = toError(error).message;
    });
    worker.on('exit', (code) =>
      events.gone(this.#reason ?? (this.#killed ? 'terminated' : `exit code ${code}`)),
    );
    for (const stream of [worker.stdout, worker.stderr]) {
      const lines = new Lines((line) => events.printed(line));
      stream.setEncoding('utf8');
      stream.on('data', (chunk: string) => lines.push(chunk));
      stream.on('end', () => lines.end());
    }
  }
}
