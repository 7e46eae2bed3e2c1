import type { Channel, ChordPart, ChordProgress, Clock, GroupStore, Logger } from '@tq/core';
import { toError, Turn, WAITING } from '@tq/core/internal';
import { chordQueues } from './chord-queues.ts';
import { Claims } from './claims.ts';
import { Desk } from './desk.ts';
import type { DeskOptions } from './desk.ts';
import { keyOf, partMessage, textMessage, toQueue } from './part.ts';
import { SavedGroups } from './saved-groups.ts';

/** When to ask again for a chord that is in somebody else's hands: the broker gives it back the moment they die. */
const AGAIN_MS = 1000;
const TAKEN: ChordProgress = { kind: 'taken', againMs: AGAIN_MS };
const EMPTY = textMessage('');

export interface RpcGroupsOptions extends Omit<DeskOptions, 'onLost'> {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly expiresMs: number | undefined;
  readonly leaseMs: number;
}

interface Counts {
  /** Messages with parts, where one that was delivered twice may count twice. */
  readonly count: number;
  /** How many there shall be; 0: not known yet, or the chord is over. */
  readonly wanted: number;
  /** Whether nobody is collecting, or sending the body. */
  readonly isFree: boolean;
}

interface Adding {
  readonly groupId: string;
  readonly part: ChordPart;
}

/** Groups and chords in queues of the broker. See docs/adr/0011-chords-over-rpc.md. */
export class RpcGroups implements GroupStore {
  readonly #desk: Desk;
  readonly #claims: Claims;
  readonly #saved: SavedGroups;
  readonly #turn: Turn<Adding, ChordProgress | Error>;
  /** Parts whose members were told to ask again: they stand in their queue already. */
  readonly #asking = new Set<string>();

  constructor(options: RpcGroupsOptions) {
    this.#desk = new Desk({ ...options, onLost: () => void this.#claims.close() }); // never rejects
    this.#claims = new Claims({ ...options, desk: this.#desk });
    this.#saved = new SavedGroups(this.#desk, options.clock, options.expiresMs);
    this.#turn = new Turn((items) => this.#addAll(items));
  }

  save(groupId: string, children: readonly unknown[]): Promise<void> {
    return this.#saved.save(groupId, children);
  }

  restore(groupId: string): Promise<readonly unknown[] | undefined> {
    return this.#saved.restore(groupId);
  }

  async forget(groupId: string): Promise<void> {
    await Promise.all([this.#saved.forget(groupId), this.endChord(groupId)]);
  }

  /** The token comes last: where it is, the size is whole. */
  async setChordSize(groupId: string, size: number): Promise<void> {
    const queues = chordQueues(groupId);
    await this.#desk.again(async (channel) => {
      for (const name of [queues.token, queues.size]) {
        await this.#desk.ready(channel, name);
        await channel.purgeQueue(name);
      }
      await put(channel, queues.size, size);
      await put(channel, queues.token, 1);
    });
  }

  async growChord(groupId: string, by: number): Promise<void> {
    const { growth } = chordQueues(groupId);
    await this.#desk.again((channel) => this.#desk.ready(channel, growth));
    await this.#desk.once((channel) => put(channel, growth, by));
  }

  async addChordPart(groupId: string, part: ChordPart): Promise<ChordProgress> {
    const answer = await this.#turn.ask({ groupId, part });
    if (answer instanceof Error) throw answer;
    return answer;
  }

  /** The size goes first: without it nobody completes what may be left. */
  async endChord(groupId: string): Promise<void> {
    const { growth, parts, size, token } = chordQueues(groupId);
    await this.#desk.again((channel) => channel.deleteQueue(size));
    await this.#claims.end(groupId);
    await this.#desk.again((channel) =>
      Promise.all([token, parts, growth].map((name) => channel.deleteQueue(name))),
    );
  }

  /** What was added before is counted; what is claimed goes back. Settles always. */
  async close(): Promise<void> {
    await this.#turn.flush();
    await this.#claims.close();
    await this.#desk.close();
  }

  async #addAll(items: readonly Adding[]): Promise<readonly (ChordProgress | Error)[]> {
    const places = new Map<string, number[]>();
    for (const [at, { groupId }] of items.entries()) {
      const known = places.get(groupId);
      if (known) known.push(at);
      else places.set(groupId, [at]);
    }
    const answers: (ChordProgress | Error)[] = Array.from(items, () => WAITING);
    const adding = Array.from(places, async ([groupId, own]) => {
      const parts = own.map((at) => items[at]!.part);
      const progress = await this.#add(groupId, parts).catch(toError);
      for (const [index, at] of own.entries())
        answers[at] = progress instanceof Error ? progress : progress[index]!;
    });
    await Promise.all(adding);
    return answers;
  }

  /** Parts of one chord that have finished in one turn; the last of them asks for the body. */
  async #add(groupId: string, parts: readonly ChordPart[]): Promise<readonly ChordProgress[]> {
    const mine = parts.map((part) => this.#claims.renew(groupId, keyOf(part)));
    const names = parts.map((part) => `${groupId} ${keyOf(part)}`);
    const isNew = names.map((name, at) => !this.#asking.delete(name) && !mine[at]);
    await this.#publish(
      groupId,
      parts.filter((_, at) => isNew[at]),
    );
    const last = parts.length - 1;
    const progress = await this.#progress(groupId, parts[last]!);
    if (progress.kind === 'taken') for (const name of names) this.#asking.add(name);
    return mine.map((all, at) => {
      if (all) return { kind: 'complete', parts: all };
      // If the last has the body, others were missing when these were counted.
      return at < last && progress.kind === 'complete' ? WAITING : progress;
    });
  }

  /** Every process that adds a part makes the queue if need be: a message to a queue that isn't there is dropped. */
  async #publish(groupId: string, parts: readonly ChordPart[]): Promise<void> {
    if (parts.length === 0) return;
    const queue = chordQueues(groupId).parts;
    await this.#desk.again(async (channel) => {
      await this.#desk.ready(channel, queue);
      await Promise.all(parts.map((part) => channel.publish(partMessage(part), toQueue(queue))));
    });
  }

  /** Counts until the body is somebody's or a part is missing. */
  async #progress(groupId: string, part: ChordPart): Promise<ChordProgress> {
    const by = keyOf(part);
    for (;;) {
      const mine = this.#claims.renew(groupId, by);
      if (mine) return { kind: 'complete', parts: mine };
      const { count, isFree, wanted } = await this.#count(groupId);
      if (wanted === 0) return WAITING;
      if (!isFree) return TAKEN;
      if (count < wanted) return WAITING;
      const caught = await this.#claims.take(groupId, by, wanted);
      if (caught === 'taken') return TAKEN;
      if (caught !== 'incomplete') return { kind: 'complete', parts: caught };
    }
  }

  /** Every part asks for all of them, so that none expires while the chord goes on. */
  async #count(groupId: string): Promise<Counts> {
    const { growth, parts, size, token } = chordQueues(groupId);
    return await this.#desk.again(async (channel) => {
      const ready = (name: string): Promise<number> => this.#desk.ready(channel, name);
      const [count, set, added, tokens] = await Promise.all([
        ready(parts),
        ready(size),
        ready(growth),
        ready(token),
      ]);
      return { count, wanted: set > 0 ? set + added : 0, isFree: tokens > 0 };
    });
  }
}

async function put(channel: Channel, queue: string, count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, () => channel.publish(EMPTY, toQueue(queue))));
}
