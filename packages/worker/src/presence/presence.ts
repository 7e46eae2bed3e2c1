import { readFileSync } from 'node:fs';
import type { App, Component, Connection, EventSink, Logger } from '@tq/core';
import { durationMs } from '@tq/core/internal';
import { Dispatcher } from '@tq/events';
import type { WorkerOptions } from '../options.ts';
import type { Neighbours } from '../remote/neighbours.ts';
import type { RemoteEvents } from '../remote/parts.ts';
import { Gossip } from './gossip.ts';
import { Heart } from './heart.ts';
import type { HeartParts } from './heart.ts';

const HEARTBEAT_MS = 2000;

export interface PresenceParts {
  readonly app: App;
  readonly hostname: string;
  readonly logger: Logger;
  readonly options: Pick<WorkerOptions, 'events' | 'gossip' | 'heartbeat'>;
  readonly neighbours: Neighbours;
  readonly counts: HeartParts['counts'];
}

/** How a worker is seen by others, and sees them: its events, its heartbeats, its gossip. */
export class Presence {
  /** Sends the worker's events; task events are switched on and off here. */
  readonly dispatcher: Dispatcher;
  readonly gossip: Gossip | undefined;
  readonly #parts: PresenceParts;
  #heart: Heart | undefined;

  constructor(parts: PresenceParts) {
    const { app, hostname, logger, neighbours, options } = parts;
    this.#parts = parts;
    this.dispatcher = new Dispatcher({ app, hostname, taskEvents: app.config.workerSendTaskEvents });
    this.dispatcher.pause();
    if (options.gossip ?? true)
      this.gossip = new Gossip({ app, hostname, logger, neighbours, sink: this.dispatcher });
  }

  /** Where task events go. */
  get sink(): EventSink {
    return this.#parts.options.events ?? this.dispatcher;
  }

  /** What remote commands ask of it. */
  get remote(): RemoteEvents {
    const { gossip } = this;
    return {
      enable: () => this.dispatcher.enable(),
      disable: () => this.dispatcher.disable(),
      heartbeat: () => this.#answer(),
      ...(gossip ? { elect: (id, topic, action) => gossip.election.stand(id, topic, action) } : {}),
    };
  }

  /** Somebody asks for signs of life: one now, and task events again, for the asker may listen to them. */
  #answer(): void {
    this.dispatcher.listenAgain();
    this.#heart?.beat();
  }

  /** What it does on a connection, in the order of the start. What asks the neighbours belongs after the first of them. */
  on(connection: Connection): readonly [Component, ...Component[]] {
    const gossip = this.gossip?.on(connection);
    return [this.#sending(), ...(gossip ? [gossip] : []), ...this.#heartbeats()];
  }

  info(): Readonly<Record<string, unknown>> {
    return { events: this.dispatcher.info(), ...(this.gossip ? { gossip: this.gossip.info() } : {}) };
  }

  async close(): Promise<void> {
    await this.dispatcher[Symbol.asyncDispose]();
  }

  #sending(): Component {
    return {
      name: 'events',
      start: async () => this.dispatcher.resume(),
      stop: async () => {
        await this.dispatcher.flushSoon();
        this.dispatcher.pause();
      },
    };
  }

  #heartbeats(): readonly Component[] {
    const { app, counts, options } = this.#parts;
    const { heartbeat } = options;
    if (heartbeat === false) return [];
    const { gossip } = this;
    this.#heart = new Heart({
      clock: app.clock,
      sink: this.dispatcher,
      everyMs: heartbeat === undefined ? HEARTBEAT_MS : durationMs(heartbeat, 'heartbeat'),
      peers: heartbeat === undefined && gossip ? () => gossip.peers : undefined,
      version: versionOfThis(),
      counts,
    });
    return [this.#heart];
  }
}

function versionOfThis(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}
