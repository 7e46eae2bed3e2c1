import type { Clock, Logger } from '@tq/core';
import { merge, unknownTask } from './task-info.ts';
import type { ClockOwner, TaskInfo } from './task-info.ts';
import { groupOf } from './vocabulary.ts';
import type { ReceivedEvent } from './vocabulary.ts';
import { expiryOf, noteSign, unknownWorker } from './worker-info.ts';
import type { WorkerInfo } from './worker-info.ts';

/** Clocks that differ by more are worth a word. Seconds. */
const DRIFT = 16;

export interface ClusterStateOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** The least recently heard of go first. @default 5000 */
  readonly maxWorkers?: number;
  /** @default 10000 */
  readonly maxTasks?: number;
}

/** Which tasks a query gives, the newest first. */
export interface TaskQuery {
  readonly name?: string;
  /** Node name. */
  readonly worker?: string;
  readonly state?: string;
  /** @default no limit */
  readonly limit?: number;
}

/** A cluster as its events show it: workers and tasks, bounded, put in order by their Lamport clocks. */
export class ClusterState {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #maxWorkers: number;
  readonly #maxTasks: number;
  readonly #workers = new Map<string, WorkerInfo>();
  readonly #tasks = new Map<string, TaskInfo>();
  readonly #owners = new WeakMap<TaskInfo, ClockOwner>();
  readonly #drifting = new Set<string>();
  #sorted: readonly TaskInfo[] | undefined;
  #events = 0;
  #taskEvents = 0;

  constructor(options: ClusterStateOptions) {
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#maxWorkers = options.maxWorkers ?? 5000;
    this.#maxTasks = options.maxTasks ?? 10_000;
  }

  /** Events so far. */
  get eventCount(): number {
    return this.#events;
  }

  /** Those of them that were about tasks. */
  get taskEventCount(): number {
    return this.#taskEvents;
  }

  /** Workers by node name, those that are lost among them; one that says good-bye goes at once. */
  get workers(): ReadonlyMap<string, WorkerInfo> {
    return this.#workers;
  }

  /** Tasks by id. */
  get tasks(): ReadonlyMap<string, TaskInfo> {
    return this.#tasks;
  }

  /** Takes in an event; in the order of arrival, whatever that is. */
  event(event: ReceivedEvent): void {
    this.#events += 1;
    const group = groupOf(event.type);
    if (group === 'worker') this.#workerEvent(event);
    else if (group === 'task' && typeof event['uuid'] === 'string') this.#taskEvent(event, event['uuid']);
  }

  /** Whether a worker has given a sign of life lately. */
  isAlive(worker: WorkerInfo): boolean {
    return this.#clock.now() / 1000 < expiryOf(worker);
  }

  aliveWorkers(): readonly WorkerInfo[] {
    return [...this.#workers.values()].filter((worker) => this.isAlive(worker));
  }

  /** Forgets the workers that have given no sign for too long, and returns them. */
  forgetLost(): readonly WorkerInfo[] {
    const lost = [...this.#workers.values()].filter((worker) => !this.isAlive(worker));
    for (const { hostname } of lost) this.#forget(hostname);
    return lost;
  }

  /** Tasks, the newest first: by clock, then by time, then by the name of the sender. */
  query({ name, worker, state, limit = Infinity }: TaskQuery = {}): readonly TaskInfo[] {
    const found: TaskInfo[] = [];
    for (const task of this.#newestFirst()) {
      if (found.length >= limit) break;
      if (name !== undefined && task.name !== name) continue;
      if (worker !== undefined && task.worker !== worker) continue;
      if (state !== undefined && task.state !== state) continue;
      found.push(task);
    }
    return found;
  }

  /** Names of the tasks heard of, sorted. */
  taskTypes(): readonly string[] {
    const names = new Set<string>();
    for (const { name } of this.#tasks.values()) if (name !== undefined) names.add(name);
    return [...names].sort();
  }

  /** How many tasks are in each state. */
  countByState(): Readonly<Record<string, number>> {
    const counts = new Map<string, number>();
    for (const { state } of this.#tasks.values()) counts.set(state, (counts.get(state) ?? 0) + 1);
    return Object.fromEntries(counts);
  }

  /** Forgets tasks: those that have ended, or all. */
  clearTasks(which: 'ended' | 'all' = 'ended'): void {
    for (const [uuid, { state }] of this.#tasks)
      if (which === 'all' || ENDED.has(state)) this.#tasks.delete(uuid);
    this.#sorted = undefined;
  }

  #workerEvent(event: ReceivedEvent): void {
    const { hostname, type } = event;
    if (type === 'worker-offline') return this.#forget(hostname);
    const worker = this.#workers.get(hostname) ?? unknownWorker(hostname);
    touch(this.#workers, hostname, worker, this.#maxWorkers);
    if (type !== 'worker-online' && type !== 'worker-heartbeat') return;
    noteSign(worker, event);
    this.#noteDrift(worker);
  }

  #taskEvent(event: ReceivedEvent, uuid: string): void {
    this.#taskEvents += 1;
    const { hostname, pid } = event;
    const task = this.#tasks.get(uuid) ?? unknownTask(uuid);
    touch(this.#tasks, uuid, task, this.#maxTasks);
    if (event.type !== 'task-sent') this.#noteWork(event);
    if (!merge(task, event, this.#owners.get(task))) return;
    this.#owners.set(task, { hostname, pid });
    this.#sorted = undefined;
  }

  /** Whoever works lives. */
  #noteWork({ hostname, local_received: at }: ReceivedEvent): void {
    let worker = this.#workers.get(hostname);
    if (!worker) {
      worker = unknownWorker(hostname);
      touch(this.#workers, hostname, worker, this.#maxWorkers);
    }
    worker.heartbeat = Math.max(worker.heartbeat, at);
  }

  #forget(hostname: string): void {
    this.#workers.delete(hostname);
    this.#drifting.delete(hostname);
  }

  #noteDrift({ hostname, drift }: WorkerInfo): void {
    if (Math.abs(drift) <= DRIFT) return void this.#drifting.delete(hostname);
    if (this.#drifting.has(hostname)) return;
    this.#drifting.add(hostname);
    this.#logger.warn(
      `The clock of ${hostname} differs from this one by ${Math.round(Math.abs(drift))} s: synchronise them.`,
    );
  }

  #newestFirst(): readonly TaskInfo[] {
    this.#sorted ??= [...this.#tasks.values()].sort(
      (a, b) => b.clock - a.clock || b.timestamp - a.timestamp || (b.uuid < a.uuid ? -1 : 1),
    );
    return this.#sorted;
  }
}

const ENDED: ReadonlySet<string> = new Set(['SUCCESS', 'FAILURE', 'REVOKED', 'REJECTED']);

/** The entry becomes the most recent; the least recent one goes when there are too many. */
function touch<T>(map: Map<string, T>, key: string, value: T, most: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= most) return;
  const [oldest] = map.keys();
  map.delete(oldest as string);
}
