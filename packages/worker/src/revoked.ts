import type { App, Clock, TaskRequest } from '@tq/core';
import { durationMs } from '@tq/core/internal';

/** As workers tell each other: id → [moment of the writer's monotonic clock in seconds, id]. Spec: control.md 8. */
export type RevokedWire = Readonly<Record<string, readonly [seconds: number, id: string]>>;

/** What a worker keeps of it over a restart. */
export interface RevokedState {
  /** Unix milliseconds, by id. */
  readonly ids: Readonly<Record<string, number>>;
  readonly stamps: Readonly<Record<string, readonly unknown[]>>;
}

export interface RevokedOptions {
  readonly clock: Clock;
  /** Most ids; the oldest go first. */
  readonly most: number;
  /** An id is forgotten after this long. */
  readonly expiresMs: number;
}

/** Which tasks are not to run any more: by id, and by stamps. Asked for every task, so nothing revoked costs nothing. */
export class Revoked {
  readonly #options: RevokedOptions;
  /** When, by id; the oldest first. Unix milliseconds. */
  readonly #ids = new Map<string, number>();
  /** Values, by header. */
  readonly #stamps = new Map<string, Set<unknown>>();
  /** Called after each change. */
  onChange: () => void = () => undefined;

  constructor(options: RevokedOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#ids.size;
  }

  has(request: Pick<TaskRequest, 'id' | 'stamps'>): boolean {
    return (
      (this.#ids.size > 0 && this.hasId(request.id)) || (this.#stamps.size > 0 && this.#stamped(request))
    );
  }

  hasId(id: string): boolean {
    const atMs = this.#ids.get(canonical(id));
    return atMs !== undefined && atMs > this.#deadMs();
  }

  add(ids: Iterable<string>): void {
    const nowMs = this.#options.clock.now();
    for (const id of ids) this.#put(canonical(id), nowMs);
    this.#trim();
    this.onChange();
  }

  addStamps(headers: Readonly<Record<string, unknown>>): void {
    for (const [header, values] of Object.entries(headers)) {
      const known = this.#stamps.get(header) ?? new Set();
      for (const value of listOf(values)) known.add(value);
      this.#stamps.set(header, known);
    }
    this.onChange();
  }

  get ids(): readonly string[] {
    this.#trim();
    return [...this.#ids.keys()];
  }

  /** The newest ids, without those that the other side has. */
  toWire(most: number, without: Readonly<Record<string, unknown>> = {}): RevokedWire {
    this.#trim();
    const nowMs = this.#options.clock.now();
    const machineS = Number(process.hrtime.bigint()) / 1e9;
    const entries = [...this.#ids].filter(([id]) => !Object.hasOwn(without, id)).slice(-most);
    return Object.fromEntries(
      entries.map(([id, atMs]) => [id, [withFraction(machineS - (nowMs - atMs) / 1000), id]]),
    );
  }

  /** What another node knows. Its clock isn't ours: an id that is new here is as old as this moment. */
  merge(wire: unknown): void {
    if (typeof wire !== 'object' || wire === null) return;
    const fresh = Object.keys(wire).filter((id) => !this.#ids.has(canonical(id)));
    if (fresh.length > 0) this.add(fresh);
  }

  get state(): RevokedState {
    this.#trim();
    return {
      ids: Object.fromEntries(this.#ids),
      stamps: Object.fromEntries([...this.#stamps].map(([header, values]) => [header, [...values]])),
    };
  }

  restore({ ids, stamps }: RevokedState): void {
    for (const [id, atMs] of Object.entries(ids).sort(([, a], [, b]) => a - b)) this.#put(id, atMs);
    this.#trim();
    this.addStamps(stamps);
  }

  #put(id: string, atMs: number): void {
    this.#ids.delete(id);
    this.#ids.set(id, atMs);
  }

  #trim(): void {
    const deadMs = this.#deadMs();
    for (const [id, atMs] of this.#ids) {
      if (atMs > deadMs && this.#ids.size <= this.#options.most) return;
      this.#ids.delete(id);
    }
  }

  #deadMs(): number {
    return this.#options.clock.now() - this.#options.expiresMs;
  }

  #stamped({ stamps }: Pick<TaskRequest, 'stamps'>): boolean {
    for (const [header, values] of this.#stamps)
      if (listOf(stamps[header]).some((value) => values.has(value))) return true;
    return false;
  }
}

/** As the settings say; Celery's variables win: CELERY_WORKER_REVOKES_MAX, CELERY_WORKER_REVOKE_EXPIRES (seconds). */
export function makeRevoked({ clock, config }: Pick<App, 'clock' | 'config'>): Revoked {
  const { CELERY_WORKER_REVOKES_MAX: most, CELERY_WORKER_REVOKE_EXPIRES: expires } = process.env;
  return new Revoked({
    clock,
    most: most ? Number(most) : config.workerRevokesMax,
    expiresMs: durationMs(expires ? expires : config.workerRevokeExpires, 'workerRevokeExpires'),
  });
}

const WITHOUT_DASHES = /^[0-9a-f]{32}$/i;

/** A uuid may be written with dashes or without. */
function canonical(id: string): string {
  if (id.length !== 32 || !WITHOUT_DASHES.test(id)) return id;
  return [id.slice(0, 8), id.slice(8, 12), id.slice(12, 16), id.slice(16, 20), id.slice(20)].join('-');
}

function listOf(values: unknown): readonly unknown[] {
  if (values === undefined) return [];
  return Array.isArray(values) ? values : [values];
}

/** Python takes nothing but a float here, and JSON tells one by its fraction. */
function withFraction(seconds: number): number {
  const micros = Math.max(1, Math.round(seconds * 1e6));
  return (micros % 1e6 === 0 ? micros + 1 : micros) / 1e6;
}
