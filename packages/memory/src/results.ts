import { ExpiringMap } from './expiring.ts';
import type { Chord, SharedGroups } from './groups.ts';

/** A state as it would stand in a real backend: text. */
export interface StoredMeta {
  readonly status: string;
  readonly text: string;
}

/** Everything that backends of one name share. */
export class MemoryResults {
  readonly metas = new ExpiringMap<StoredMeta>();
  readonly groups: SharedGroups = {
    saved: new ExpiringMap<string>(),
    chords: new ExpiringMap<Chord>(),
    ended: new ExpiringMap<true>(),
  };
  readonly watchers = new Map<string, Set<(stored: StoredMeta) => void>>();

  clear(): void {
    this.metas.clear();
    for (const each of Object.values(this.groups)) each.clear();
  }
}
