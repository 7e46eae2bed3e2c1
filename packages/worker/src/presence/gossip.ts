import type { App, Component, Connection, Delivery, EventSink, Logger } from '@tq/core';
import { ClusterState, listenToEvents, readEvents } from '@tq/events';
import type { ReceivedEvent } from '@tq/events';
import type { Neighbours } from '../remote/neighbours.ts';
import { Election } from './election.ts';

/** How often it looks for lost workers. */
const LOOK_MS = 5000;

export interface GossipParts {
  readonly app: App;
  readonly hostname: string;
  readonly sink: EventSink;
  readonly logger: Logger;
  /** Told of who comes and goes. */
  readonly neighbours: Neighbours;
}

/** What a worker knows of the others, from the signs of life they send. Survives connections. */
export class Gossip {
  readonly election: Election;
  readonly #parts: GossipParts;
  readonly #state: ClusterState;

  constructor(parts: GossipParts) {
    const { app, hostname, sink, logger } = parts;
    this.#parts = parts;
    this.#state = new ClusterState({ clock: app.clock, logger, maxTasks: 0 });
    this.election = new Election({
      clock: app.clock,
      sink,
      logger,
      hostname,
      topics: { task: async (signature) => app.signatureFrom(signature).delay() },
    });
  }

  /** How many other workers are known. */
  get peers(): number {
    return this.#state.workers.size;
  }

  info(): Readonly<Record<string, unknown>> {
    return { peers: [...this.#state.workers.keys()] };
  }

  /** Listens over a connection. */
  on(connection: Connection): Component {
    const { app } = this.#parts;
    let ears: AsyncDisposable | undefined;
    let looking: Disposable | undefined;
    return {
      name: 'gossip',
      start: async () => {
        ears = await listenToEvents(connection, {
          app,
          pattern: 'worker.#',
          onDelivery: (delivery) => this.#hear(delivery),
        });
        looking = app.clock.every(LOOK_MS, () => this.#look());
      },
      stop: async () => {
        looking?.[Symbol.dispose]();
        this.election.giveUp();
        await ears?.[Symbol.asyncDispose]();
      },
    };
  }

  #hear({ message, routingKey }: Delivery): void {
    const { app, hostname } = this.#parts;
    const isElection = routingKey === 'worker.elect' || routingKey === 'worker.elect.ack';
    // Where patterns are not the broker's affair, all events come here.
    if (!isElection && !routingKey.startsWith('worker.')) return;
    // Its own, unread: most of what a worker alone hears.
    if (!isElection && message.headers['hostname'] === hostname) return void app.lamport.forward();
    for (const event of readEvents(app, message).events) {
      if (isElection) this.election.hear(event);
      else if (event.hostname !== hostname) this.#note(event);
    }
  }

  #note(event: ReceivedEvent): void {
    const { logger, neighbours } = this.#parts;
    const wasKnown = this.#state.workers.has(event.hostname);
    this.#state.event(event);
    const isKnown = this.#state.workers.has(event.hostname);
    if (isKnown) neighbours.seen(event.hostname);
    else neighbours.left(event.hostname);
    if (isKnown && !wasKnown) logger.debug(`${event.hostname} joined the party`);
    else if (wasKnown && !isKnown) logger.debug(`${event.hostname} left`);
  }

  #look(): void {
    const { logger, neighbours } = this.#parts;
    for (const { hostname } of this.#state.forgetLost()) {
      neighbours.left(hostname);
      logger.info(`missed heartbeat from ${hostname}`);
    }
  }
}
