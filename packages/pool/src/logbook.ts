import { toError } from '@tq/core/internal';
import type { HostParts } from './host.ts';
import { startFailure } from './start-failure.ts';
import type { StartFailure } from './start-failure.ts';
import type { ChildMessage, Failure, HostInfo } from './wire.ts';

/** Printed lines kept while a host starts, to explain a failure. */
const PRINTED_LINES = 30;

type Line = Pick<Extract<ChildMessage, { kind: 'log' }>, 'level' | 'message' | 'fields'>;

/** What a host logs, prints, and says of its own failure. */
export class Logbook {
  readonly #parts: HostParts;
  readonly #info: HostInfo;
  readonly #printed: string[] = [];
  #failure: Failure | undefined;

  constructor(parts: HostParts, info: HostInfo) {
    this.#parts = parts;
    this.#info = info;
  }

  log({ level, message, fields }: Line): void {
    const { processName, index } = this.#info;
    try {
      this.#parts.host.onLog({ processName, index, level, message, ...(fields ? { fields } : {}) });
    } catch (error) {
      this.#parts.logger.error('onLog() of the pool threw', { reason: toError(error).message });
    }
  }

  /** As Celery does with what is written to stdout and stderr. */
  print(line: string): void {
    if (this.#printed.push(line) > PRINTED_LINES) this.#printed.shift();
    this.log({ level: 'warn', message: line });
  }

  /** The first reason stays. */
  failed(failure: Failure): void {
    this.#failure ??= failure;
  }

  /** Why the host never became ready, as far as that is known. */
  startFailure(detail: string): StartFailure {
    return startFailure(this.#failure, detail, this.#printed);
  }
}
