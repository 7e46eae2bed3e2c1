import type { ChordPart, ChordProgress, Encoded, GroupStore } from '@tq/core';
import { WAITING } from '@tq/core/internal';
import type { PartRow } from './groups.ts';
import type { Ask } from './wire.ts';

/** Groups and chord counters. Each verb is one transaction, so of many callers one completes a chord. */
export class SqliteGroups implements GroupStore {
  readonly #ask: Ask;
  readonly #expiresAt: () => number | null;

  constructor(ask: Ask, expiresAt: () => number | null) {
    this.#ask = ask;
    this.#expiresAt = expiresAt;
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
    const rows = await this.#ask('addChordPart', groupId, row, this.#expiresAt());
    return rows ? { kind: 'complete', parts: rows.map(partOf) } : WAITING;
  }

  async endChord(groupId: string): Promise<void> {
    await this.#ask('endChord', groupId);
  }
}

function partOf([taskId, state, result, position]: PartRow): ChordPart {
  return { taskId, state, result: result as Encoded, index: position ?? undefined };
}
