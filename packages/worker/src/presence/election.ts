import type { Clock, EventSink, Logger } from '@tq/core';
import type { ReceivedEvent } from '@tq/events';

/** Nothing more was said of an election for this long: it is decided. */
const QUIET_MS = 500;
/** Elections under way; of more, the oldest are given up. */
const MOST = 100;

interface Candidate {
  readonly clock: number;
  /** `hostname.pid` */
  readonly node: string;
  readonly topic: string;
  readonly action: unknown;
}

interface Vote {
  readonly candidates: Candidate[];
  /** Whether this worker stands, too. */
  stands: boolean;
  lastMs: number;
}

export interface ElectionParts {
  readonly clock: Clock;
  readonly sink: EventSink;
  readonly logger: Logger;
  /** Of this worker. */
  readonly hostname: string;
  /** What the winner does, by topic. */
  readonly topics: Readonly<Record<string, (action: unknown) => Promise<unknown>>>;
}

/**
 * Elects one of several workers, so that something is done once: everyone who was asked announces itself, and whoever did so
 * first by its Lamport clock wins. Spec: control.md 9.
 */
export class Election {
  readonly #parts: ElectionParts;
  readonly #votes = new Map<string, Vote>();
  #deciding: Disposable | undefined;

  constructor(parts: ElectionParts) {
    this.#parts = parts;
  }

  /** Stands for election: the remote command `election`. */
  stand(id: string, topic: string, action: unknown): void {
    this.#voteOn(id).stands = true;
    this.#parts.sink.send('worker-elect', { id, topic, action, cver: 1 });
  }

  /** Hears `worker-elect` and `worker-elect-ack`, its own among them. */
  hear(event: ReceivedEvent): void {
    const { hostname, pid, clock, type } = event;
    const { id, topic, action } = event;
    if (typeof id !== 'string') return;
    if (type === 'worker-elect') {
      if (typeof topic !== 'string') return;
      this.#voteOn(id).candidates.push({ clock, node: `${hostname}.${pid}`, topic, action });
      this.#parts.sink.send('worker-elect-ack', { id });
    } else {
      const vote = this.#votes.get(id);
      if (vote) vote.lastMs = this.#parts.clock.monotonic();
    }
  }

  /** Forgets what is not decided: without a connection nobody hears the others. */
  giveUp(): void {
    this.#votes.clear();
    this.#rest();
  }

  /** Decides the elections of which nothing more was heard. */
  #decideQuiet(): void {
    const nowMs = this.#parts.clock.monotonic();
    for (const [id, vote] of this.#votes) {
      if (nowMs - vote.lastMs < QUIET_MS) continue;
      this.#votes.delete(id);
      if (vote.stands) this.#decide(id, vote);
    }
    if (this.#votes.size === 0) this.#rest();
  }

  #rest(): void {
    this.#deciding?.[Symbol.dispose]();
    this.#deciding = undefined;
  }

  #decide(id: string, { candidates }: Vote): void {
    const { hostname, logger, topics } = this.#parts;
    const [winner] = candidates.toSorted((a, b) => a.clock - b.clock || (a.node < b.node ? -1 : 1));
    if (!winner) return; // its own announcement has not come back: the broker was away
    if (winner.node !== `${hostname}.${process.pid}`)
      return logger.info(`node ${winner.node} elected for ${id}`);
    logger.info(`I won the election ${id}`);
    const handler = Object.hasOwn(topics, winner.topic) ? topics[winner.topic] : undefined;
    if (!handler) return logger.error(`Unknown election topic ${JSON.stringify(winner.topic)}`, { id });
    handler(winner.action).catch((error: unknown) =>
      logger.error(`What the election ${id} was for has failed`, { error: String(error) }),
    );
  }

  #voteOn(id: string): Vote {
    let vote = this.#votes.get(id);
    if (!vote) {
      const [oldest] = this.#votes.keys();
      if (this.#votes.size >= MOST) this.#votes.delete(oldest as string);
      vote = { candidates: [], stands: false, lastMs: 0 };
      this.#votes.set(id, vote);
    }
    vote.lastMs = this.#parts.clock.monotonic();
    this.#deciding ??= this.#parts.clock.every(QUIET_MS / 2, () => this.#decideQuiet());
    return vote;
  }
}
