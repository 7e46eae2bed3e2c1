import { randomUUID } from 'node:crypto';
import type { ChordPart, ChordProgress, GroupStore } from '@tq/core';
import { CHORD_MEMORY_MS, decodeJson, encodeJson, inHeaderOrder, WAITING } from '@tq/core/internal';
import type { ExpiringMap } from './expiring.ts';

/** The header of a chord that isn't over. */
export interface Chord {
  size: number | undefined;
  grown: number;
  readonly parts: Map<string, ChordPart>;
  claim: { readonly by: string; readonly untilMs: number } | undefined;
}

/** What the backends of one name share. */
export interface SharedGroups {
  readonly saved: ExpiringMap<string>;
  readonly chords: ExpiringMap<Chord>;
  /** Chords that are over, for a while. */
  readonly ended: ExpiringMap<true>;
}

export interface Life {
  readonly nowMs: number;
  readonly expiresMs: number | undefined;
}

/** Saved groups and chord counters of one backend. */
export class MemoryGroups implements GroupStore {
  readonly #shared: SharedGroups;
  readonly #life: () => Life;
  readonly #leaseMs: number;
  readonly #self = randomUUID();

  /** `life` says how long what is written now lives; it throws once the backend is closed. */
  constructor(shared: SharedGroups, life: () => Life, leaseMs: number) {
    this.#shared = shared;
    this.#life = life;
    this.#leaseMs = leaseMs;
  }

  async save(groupId: string, children: readonly unknown[]): Promise<void> {
    this.#shared.saved.set(groupId, encodeJson(children), this.#life());
  }

  async restore(groupId: string): Promise<readonly unknown[] | undefined> {
    const text = this.#shared.saved.get(groupId, this.#life().nowMs);
    return text === undefined ? undefined : (decodeJson(text) as readonly unknown[]);
  }

  async forget(groupId: string): Promise<void> {
    this.#life();
    for (const each of Object.values(this.#shared)) each.delete(groupId);
  }

  async setChordSize(groupId: string, size: number): Promise<void> {
    this.#shared.ended.delete(groupId);
    this.#change(groupId, (chord) => {
      chord.size = size;
      chord.claim = undefined;
    });
  }

  async growChord(groupId: string, by: number): Promise<void> {
    this.#change(groupId, (chord) => void (chord.grown += by));
  }

  async addChordPart(groupId: string, part: ChordPart): Promise<ChordProgress> {
    if (this.#shared.ended.get(groupId, this.#life().nowMs)) return WAITING;
    const key = `${part.taskId} ${part.index ?? ''}`;
    const chord = this.#change(groupId, ({ parts }) => void (parts.has(key) || parts.set(key, part)));
    if (chord.size === undefined || chord.parts.size < chord.size + chord.grown) return WAITING;
    return this.#claim(chord, `${this.#self} ${key}`);
  }

  async endChord(groupId: string): Promise<void> {
    const { nowMs } = this.#life();
    this.#shared.chords.delete(groupId);
    this.#shared.ended.set(groupId, true, { nowMs, expiresMs: CHORD_MEMORY_MS });
  }

  #claim(chord: Chord, by: string): ChordProgress {
    const { nowMs } = this.#life();
    const { claim } = chord;
    if (claim && claim.by !== by && claim.untilMs > nowMs)
      return { kind: 'taken', againMs: claim.untilMs - nowMs };
    chord.claim = { by, untilMs: nowMs + this.#leaseMs };
    return { kind: 'complete', parts: inHeaderOrder([...chord.parts.values()]) };
  }

  #change(groupId: string, change: (chord: Chord) => void): Chord {
    const life = this.#life();
    const chord = this.#shared.chords.get(groupId, life.nowMs) ?? newChord();
    change(chord);
    this.#shared.chords.set(groupId, chord, life);
    return chord;
  }
}

function newChord(): Chord {
  return { size: undefined, grown: 0, parts: new Map(), claim: undefined };
}
