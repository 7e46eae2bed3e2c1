import type { Channel, ChordPart, Clock, Delivery, Logger } from '@tq/core';
import { inHeaderOrder, toError } from '@tq/core/internal';
import { chordQueues } from './chord-queues.ts';
import type { Desk } from './desk.ts';
import { gather } from './gather.ts';
import { keyOf, partOf } from './part.ts';

/** A token that has not come by then is somebody else's; whoever is wrong about that asks again. */
const TOKEN_MS = 250;
const PARTS_MS = 2000;

/** A chord whose body is ours to send: its token and its parts are held until it is over. */
interface Claim {
  readonly by: string;
  channel: Channel | undefined;
  held: readonly Delivery[];
  /** Undefined while they are being collected. */
  parts: readonly ChordPart[] | undefined;
  /** End of the lease, on the monotonic clock. */
  untilMs: number;
  readonly released: AbortController;
}

export interface ClaimsOptions {
  readonly desk: Desk;
  readonly clock: Clock;
  readonly logger: Logger;
  /** After so long without an end others may have the body. Milliseconds. */
  readonly leaseMs: number;
}

/** What taking a chord has brought: all its parts; repeated ones, which are gone now; or nothing, as another was quicker. */
export type Catch = readonly ChordPart[] | 'incomplete' | 'taken';

/**
 * The bodies that this process is sending. A claim is a message that is held: when its holder dies, or its lease is over,
 * the broker has token and parts again.
 */
export class Claims {
  readonly #options: ClaimsOptions;
  readonly #claims = new Map<string, Claim>();

  constructor(options: ClaimsOptions) {
    this.#options = options;
  }

  /** The parts of a chord that is claimed in this name already; its lease begins anew. */
  renew(groupId: string, by: string): readonly ChordPart[] | undefined {
    const claim = this.#claims.get(groupId);
    if (claim?.by !== by || !claim.parts) return undefined;
    claim.untilMs = this.#leaseEnd();
    return claim.parts;
  }

  /** Takes the token, then all parts. Never rejects: whoever can't take them is told so, and asks again. */
  async take(groupId: string, by: string, wanted: number): Promise<Catch> {
    if (this.#claims.has(groupId)) return 'taken';
    const claim: Claim = {
      by,
      channel: undefined,
      held: [],
      parts: undefined,
      untilMs: Infinity,
      released: new AbortController(),
    };
    this.#claims.set(groupId, claim);
    try {
      const caught = await this.#collect(groupId, claim, wanted);
      if (typeof caught === 'string') await this.#release(groupId, claim);
      else void this.#expire(groupId, claim); // never rejects
      return caught;
    } catch (error) {
      this.#options.logger.debug('A chord could not be collected', { group: groupId, error: toError(error) });
      await this.#release(groupId, claim);
      return 'taken';
    }
  }

  /** What was held of a chord that is over is gone. */
  async end(groupId: string): Promise<void> {
    const claim = this.#claims.get(groupId);
    for (const delivery of claim?.held ?? []) delivery.ack();
    if (claim) await this.#release(groupId, claim);
  }

  /** Everything goes back. Settles always. */
  async close(): Promise<void> {
    await Promise.all([...this.#claims].map(([groupId, claim]) => this.#release(groupId, claim)));
  }

  async #collect(groupId: string, claim: Claim, wanted: number): Promise<Catch> {
    const { clock, desk } = this.#options;
    const queues = chordQueues(groupId);
    const channel = (claim.channel = await desk.openChannel());
    await channel.prefetch(0);
    const tokens = await gather(channel, queues.token, 1, { clock, stillMs: TOKEN_MS });
    if (tokens.length === 0) return 'taken';
    const taken = await gather(channel, queues.parts, await desk.ready(channel, queues.parts), {
      clock,
      stillMs: PARTS_MS,
    });
    const { parts, once } = sorted(taken);
    if (parts.length < wanted) return await this.#giveBack(channel, once, tokens);
    claim.held = [...once, ...tokens];
    claim.parts = inHeaderOrder(parts);
    return claim.parts;
  }

  /** The parts before the token: whoever has that must find them. */
  async #giveBack(
    channel: Channel,
    parts: readonly Delivery[],
    tokens: readonly Delivery[],
  ): Promise<'incomplete'> {
    for (const each of [parts, tokens]) {
      for (const delivery of each) delivery.reject({ requeue: true });
      await channel.flush();
    }
    return 'incomplete';
  }

  async #expire(groupId: string, claim: Claim): Promise<void> {
    const { clock, leaseMs, logger } = this.#options;
    const { signal } = claim.released;
    claim.untilMs = this.#leaseEnd();
    for (let left = leaseMs; left > 0 && !signal.aborted; left = claim.untilMs - clock.monotonic())
      await clock.sleep(left, { signal }).catch(() => undefined); // it is over in time
    if (signal.aborted) return;
    logger.warn('The body of a chord was not sent in time; others may send it', { group: groupId, leaseMs });
    await this.#release(groupId, claim);
  }

  #leaseEnd(): number {
    return this.#options.clock.monotonic() + this.#options.leaseMs;
  }

  /** What is still held goes back with its channel. */
  async #release(groupId: string, claim: Claim): Promise<void> {
    claim.released.abort();
    await claim.channel?.flush().catch(() => undefined); // a lost link gives back by itself
    await claim.channel?.close();
    if (this.#claims.get(groupId) === claim) this.#claims.delete(groupId);
  }
}

/** Parts that came twice, and what is no part, are acknowledged: then the count of the rest is true. */
function sorted(taken: readonly Delivery[]): {
  readonly parts: readonly ChordPart[];
  readonly once: readonly Delivery[];
} {
  const found = new Map<string, { readonly part: ChordPart; readonly delivery: Delivery }>();
  for (const delivery of taken) {
    const part = partOf(delivery.message);
    if (!part || found.has(keyOf(part))) delivery.ack();
    else found.set(keyOf(part), { part, delivery });
  }
  const all = [...found.values()];
  return { parts: all.map(({ part }) => part), once: all.map(({ delivery }) => delivery) };
}
