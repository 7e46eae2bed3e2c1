import { Client } from '@tq/control';
import type { App, Component, Connection, Logger, Replies } from '@tq/core';
import { toError } from '@tq/core/internal';
import { MOST_IDS } from '../remote/hello.ts';
import type { Neighbours } from '../remote/neighbours.ts';
import type { Revoked } from '../revoked.ts';

/** A fleet that doesn't answer holds nobody up for longer. Seconds. */
const PATIENCE_S = 1;

export interface MingleParts {
  readonly app: App;
  readonly connection: Connection;
  readonly hostname: string;
  readonly revoked: Revoked;
  readonly neighbours: Neighbours;
  readonly logger: Logger;
}

/**
 * A worker that starts asks the others what they know: revoked ids, and the logical clock. First everybody is asked in short,
 * then the one that knows most in full, so that a fleet of hundreds sends each newcomer one list and not hundreds.
 */
export class Mingle implements Component {
  readonly name = 'mingle';
  readonly #parts: MingleParts;
  readonly #client: Client;
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(parts: MingleParts) {
    this.#parts = parts;
    this.#client = new Client(parts.app, { connection: parts.connection });
  }

  /** Begins; `finished` tells of the end. Other parts start meanwhile. */
  start(): Promise<void> {
    this.#running = this.#mingle();
    return Promise.resolve();
  }

  /** Settles when the worker knows what the others do, or has waited long enough. Never rejects. */
  get finished(): Promise<void> {
    return this.#running;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await this.#client.close();
  }

  async #mingle(): Promise<void> {
    const { hostname, logger, revoked } = this.#parts;
    try {
      logger.info('mingle: searching for neighbors');
      const known = { from_node: hostname, revoked: revoked.toWire(MOST_IDS) };
      const replies = await this.#hello({ ...known, brief: true });
      const others = this.#learn(replies);
      if (others.length === 0) return logger.info('mingle: all alone');
      const [most] = others.sort((a, b) => countOf(b) - countOf(a));
      if (most && countOf(most) > revoked.size)
        this.#learn(await this.#hello({ ...known, all: true }, [most[0]]));
      logger.info(`mingle: sync with ${others.length} node${others.length === 1 ? '' : 's'}`);
    } catch (error) {
      if (!this.#stopping.signal.aborted)
        logger.warn('mingle: the other workers could not be asked', { error: toError(error).message });
    } finally {
      await this.#client.close().catch(() => undefined); // with its connection
    }
  }

  async #hello(args: Readonly<Record<string, unknown>>, destination?: readonly string[]): Promise<Replies> {
    const { hostname } = this.#parts;
    const { replies } = await this.#client.ask('hello', args, {
      timeout: PATIENCE_S,
      signal: this.#stopping.signal,
      // It hears its own question: a sign that the broker has handed it out.
      ...(destination ? { destination } : { expect: [hostname] }),
    });
    return replies;
  }

  /** What others have answered. */
  #learn(replies: Replies): [node: string, reply: Readonly<Record<string, unknown>>][] {
    const { app, hostname, revoked, neighbours } = this.#parts;
    const others: [string, Readonly<Record<string, unknown>>][] = [];
    for (const [node, reply] of Object.entries(replies)) {
      if (node === hostname || typeof reply !== 'object' || reply === null || 'error' in reply) continue;
      const told = reply as Readonly<Record<string, unknown>>;
      app.lamport.adjust(Number(told['clock']));
      revoked.merge(told['revoked']);
      neighbours.seen(node);
      others.push([node, told]);
    }
    return others;
  }
}

function countOf([, reply]: readonly [string, Readonly<Record<string, unknown>>]): number {
  return Number(reply['revoked_count'] ?? 0);
}
