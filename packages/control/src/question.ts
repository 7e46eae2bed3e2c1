import { deferred } from '@tq/core/internal';
import type { Answer } from './messages.ts';

/** When every known node has answered, others may still be about to. */
const QUIET_MS = 100;

export interface QuestionOptions {
  readonly timeoutMs: number;
  readonly limit: number | undefined;
  /** Those that alone were asked. */
  readonly destination: readonly string[] | undefined;
  readonly expect: readonly string[];
  /** Whether a node that an answer tells of was asked too. */
  readonly isAsked: (node: string) => boolean;
  readonly onReply: ((node: string, reply: unknown) => void) | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * The answers to one command. Listens until enough have come, or until a time without any; and no longer than shortly after
 * the last node that is known to run: those named beforehand, and those that answering nodes tell of.
 */
export class Question {
  readonly #options: QuestionOptions;
  readonly #replies: Record<string, unknown> = {};
  readonly #known: Set<string>;
  readonly #done = deferred();
  #count = 0;
  #timer: NodeJS.Timeout;
  #toldOfNodes = false;

  constructor(options: QuestionOptions) {
    this.#options = options;
    this.#known = new Set([...options.expect, ...(options.destination ?? [])]);
    this.#timer = setTimeout(() => this.end(), options.timeoutMs);
    options.signal?.addEventListener('abort', this.end, { once: true });
  }

  get done(): Promise<void> {
    return this.#done.promise;
  }

  get replies(): Readonly<Record<string, unknown>> {
    return this.#replies;
  }

  get silent(): readonly string[] {
    return [...this.#known].filter((node) => !Object.hasOwn(this.#replies, node)).sort();
  }

  answered({ replies, nodes }: Answer): void {
    for (const [node, reply] of Object.entries(replies)) {
      if (!Object.hasOwn(this.#replies, node)) this.#count += 1;
      this.#replies[node] = reply;
      this.#options.onReply?.(node, reply);
    }
    if (nodes) this.#toldOfNodes = true;
    for (const node of nodes ?? []) if (this.#options.isAsked(node)) this.#known.add(node);
    this.#listenOn();
  }

  /** No answer can come any more. */
  fail(error: Error): void {
    this.#done.promise.catch(() => undefined); // whoever asked may still be about to wait
    this.#done.reject(error);
    this.end();
  }

  readonly end = (): void => {
    clearTimeout(this.#timer);
    this.#options.signal?.removeEventListener('abort', this.end);
    this.#done.resolve();
  };

  #listenOn(): void {
    const { limit, destination, timeoutMs, expect } = this.#options;
    if (limit !== undefined && this.#count >= limit) return this.end();
    const isComplete =
      this.#known.size > 0 && (this.#toldOfNodes || expect.length > 0) && this.silent.length === 0;
    // Whom exactly was asked is known then: nobody else can answer.
    if (isComplete && destination) return this.end();
    clearTimeout(this.#timer);
    const waitMs = isComplete ? Math.min(QUIET_MS, timeoutMs) : timeoutMs;
    this.#timer = setTimeout(this.end, waitMs);
  }
}
