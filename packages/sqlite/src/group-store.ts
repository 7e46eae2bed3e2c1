import { randomUUID } from 'node:crypto';
import type { ChordPart, ChordProgress, Encoded, GroupStore } from '@tq/core';
import { CHORD_MEMORY_MS, WAITING } from '@tq/core/internal';
import type { PartRow } from './groups.ts';
import type { Ask } from './wire.ts';

export interface SqliteGroupsOptions {
  /** When what is written now ends. Unix milliseconds; null = never. */
  readonly expiresAt: () => number | null;
  /** How long a worker has to send the body of a chord before another may. Milliseconds. */
  readonly leaseMs: number;
}

/** Groups and chord counters. Each verb is one transaction, so of many callers one completes a chord. */
export class SqliteGroups implements GroupStore {
  readonly #ask: Ask;
  readonly #expiresAt: () => number | null;
  readonly #leaseMs: number;
  /** Claims are in its name. */
  readonly #self = randomUUID();

  constructor(ask: Ask, options: SqliteGroupsOptions) {
    this.#ask = ask;
    this.#expiresAt = options.expiresAt;
    this.#leaseMs = options.leaseMs;
  }

  async save(groupId: string, children: readonly unknown[]): Promise<void> {
    await this.#ask('saveGroup', groupId, JSON.stringify(children), this.#expiresAt());
  }

  async restore(groupId: string): Promise<readonly unknown[] | undefined> {
    const text = await this.#ask('restoreGroup', groupId);
    return text === undefined ? undefined : (JSON.parse(text) as unknown[]);
  }

  async forget(groupId: string): Promise<void> {
    await this.#ask('forgetGroup', groupId);
  }

  async setChordSize(groupId: string, size: number): Promise<void> {
    await this.#ask('setChordSize', groupId, size, this.#expiresAt());
  }

  async growChord(groupId: string, by: number): Promise<void> {
    await this.#ask('growChord', groupId, by, this.#expiresAt());
  }

  async addChordPart(groupId: string, part: ChordPart): Promise<ChordProgress> {
    const row: PartRow = [part.taskId, part.state, part.result, part.index ?? null];
    const by = `${this.#self} ${part.taskId} ${part.index ?? ''}`;
    const answer = await this.#ask(
      'addChordPart',
      groupId,
      row,
      { by, leaseMs: this.#leaseMs },
      this.#expiresAt(),
    );
    if (answer === null) return WAITING;
    if (typeof answer === 'number') return { kind: 'taken', againMs: answer };
    return { kind: 'complete', parts: answer.map(partOf) };
  }

  async endChord(groupId: string): Promise<void> {
    await this.#ask('endChord', groupId, CHORD_MEMORY_MS);
  }
}

function partOf([taskId, state, result, position]: PartRow): ChordPart {
  return { taskId, state, result: result as Encoded, index: position ?? undefined };
}
