import type { ChordPart, GroupStore } from '@tq/core';
import { decodeJson, encodeJson } from '@tq/core/internal';
import { ExpiringMap } from './expiring.ts';

/** A state as it would stand in a real backend: text. */
export interface StoredMeta {
  readonly status: string;
  readonly text: string;
}

export interface Chord {
  size: number | undefined;
  readonly parts: Map<string, ChordPart>;
}

/** Everything that backends of one name share. */
export class MemoryResults {
  readonly metas = new ExpiringMap<StoredMeta>();
  readonly groups = new ExpiringMap<string>();
  readonly chords = new ExpiringMap<Chord>();
  readonly watchers = new Map<string, Set<(stored: StoredMeta) => void>>();

  clear(): void {
    this.metas.clear();
    this.groups.clear();
    this.chords.clear();
  }
}

export interface Life {
  readonly nowMs: number;
  readonly expiresMs: number | undefined;
}

/** Groups and chord counters. `life` says how long what is written now lives; it throws once the backend is closed. */
export function memoryGroups(results: MemoryResults, life: () => Life): GroupStore {
  const chordOf = (groupId: string, { nowMs }: Life): Chord =>
    results.chords.get(groupId, nowMs) ?? { size: undefined, parts: new Map() };
  return {
    async save(groupId, children) {
      results.groups.set(groupId, encodeJson(children), life());
    },
    async restore(groupId) {
      const text = results.groups.get(groupId, life().nowMs);
      return text === undefined ? undefined : (decodeJson(text) as readonly unknown[]);
    },
    async forget(groupId) {
      results.groups.delete(groupId);
      results.chords.delete(groupId);
    },
    async setChordSize(groupId, size) {
      const now = life();
      const chord = chordOf(groupId, now);
      chord.size = size;
      results.chords.set(groupId, chord, now);
    },
    async addChordPart(groupId, part) {
      const now = life();
      const chord = chordOf(groupId, now);
      if (chord.parts.has(part.taskId)) return undefined;
      chord.parts.set(part.taskId, part);
      results.chords.set(groupId, chord, now);
      if (chord.size === undefined || chord.parts.size < chord.size) return undefined;
      results.chords.delete(groupId);
      return inOrder([...chord.parts.values()]);
    },
  };
}

/** By position; those without one come last, in the order of their arrival. */
function inOrder(parts: readonly ChordPart[]): readonly ChordPart[] {
  const place = ({ index }: ChordPart): number => index ?? Number.MAX_SAFE_INTEGER;
  return parts.toSorted((a, b) => place(a) - place(b));
}
