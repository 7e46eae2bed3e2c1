import type { Logger, TaskRequest, WireError } from '@tq/core';
import { formatInZone, reprError } from '@tq/core/internal';

/** The log lines of a task's life, in Celery's words. */
export class TaskLines {
  readonly #logger: Logger;

  readonly #zone: () => string;

  /** `zone` is where times are shown. */
  constructor(logger: Logger, zone: () => string) {
    this.#logger = logger;
    this.#zone = zone;
  }

  /** Whether the lines of ordinary work are written at all. */
  get verbose(): boolean {
    return this.#logger.isEnabled?.('info') ?? true;
  }

  received(request: TaskRequest): void {
    const eta = request.etaMs === null ? '' : `  ETA:[${formatInZone(request.etaMs, this.#zone())}]`;
    this.#logger.info(`Task ${label(request)} received${eta}`);
  }

  succeeded(request: TaskRequest, runtimeMs: number, repr: string): void {
    this.#logger.info(`Task ${label(request)} succeeded in ${seconds(runtimeMs)}s: ${repr}`);
  }

  failed(request: TaskRequest, error: WireError, expected: boolean): void {
    if (expected) this.#logger.info(`Task ${label(request)} raised expected: ${reprError(error)}`);
    else
      this.#logger.error(
        `Task ${label(request)} raised unexpected: ${reprError(error)}${error.traceback ? `\n${error.traceback}` : ''}`,
      );
  }

  retried(request: TaskRequest, error: WireError | null, countdownMs: number): void {
    this.#logger.info(
      `Task ${label(request)} retry: Retry in ${seconds(countdownMs)}s${error ? `: ${reprError(error)}` : ''}`,
    );
  }

  ignored(request: TaskRequest): void {
    this.#logger.info(`Task ${label(request)} ignored`);
  }

  rejected(request: TaskRequest, reason: string, requeue: boolean): void {
    this.#logger.warn(`Task ${label(request)} rejected${requeue ? ', given back' : ''}: ${reason}`);
  }

  dropped(request: TaskRequest, because: 'revoked' | 'expired'): void {
    this.#logger.info(
      because === 'revoked'
        ? `Discarding revoked task: ${label(request)}`
        : `Discarding expired task: ${label(request)}`,
    );
  }

  softTimeLimit(request: TaskRequest, limit: number): void {
    this.#logger.warn(`Soft time limit (${limit}s) exceeded for ${label(request)}`);
  }

  timeLimit(request: TaskRequest, limit: number | undefined): void {
    this.#logger.error(`Hard time limit (${limit ?? '?'}s) exceeded for ${label(request)}`);
  }

  lost(request: TaskRequest, detail: string, next: string): void {
    this.#logger.error(`Task ${label(request)} lost its process (${detail}); ${next}`);
  }
}

function label(request: TaskRequest): string {
  return `${request.shadow ?? request.task}[${request.id}]`;
}

function seconds(ms: number): string {
  return String(Number((ms / 1000).toPrecision(6)));
}
