import { deferred } from './deferred.ts';
import { ImproperlyConfigured, ResultsDisabled, TimeoutError } from './errors.ts';
import { checkGetOptions, checkJoin, Wait } from './result.ts';
import { collect } from './collect.ts';
import type { GetOptions, ResultHandle } from './result.ts';
import type { ResultBackend, ResultTuple } from './types/backend.ts';
import type { Control, RevokeOptions } from './types/control.ts';

/** Values in the places of their results; where `propagate` is false, errors among them. */
type OrErrors<R extends readonly unknown[]> = { readonly [K in keyof R]: R[K] | Error };

/** Results that are waited for together. Celery's ResultSet. */
export class ResultSet<R extends readonly unknown[] = readonly unknown[]> {
  /** In the order of the values that `get()` gives. */
  readonly results: ResultHandle[];

  constructor(results: readonly ResultHandle[] = []) {
    this.results = [...results];
  }

  get length(): number {
    return this.results.length;
  }

  /**
   * Waits for all results and returns their values, in order. With `propagate: false` errors stand in their places.
   * @throws the first error that arrives; TimeoutError when `timeout` passes; JoinInsideTask inside of a task
   */
  get(options: GetOptions & { readonly propagate: false }): Promise<OrErrors<R>>;
  get(options?: GetOptions): Promise<R>;
  async get(options: GetOptions = {}): Promise<unknown> {
    checkGetOptions(options);
    if (this.length > 0) checkJoin(options);
    const wait = this.#wait(options);
    try {
      return await Promise.all(this.results.map((result) => result.get(this.#partOf(options, wait))));
    } finally {
      wait.abort();
    }
  }

  /** Celery's other name for `get()`. */
  join(options: GetOptions = {}): Promise<R> {
    return this.get(options);
  }

  /**
   * Every result with its value, as they arrive: `for await (const [result, value] of sent.iterate({ timeout: 10 }))`. With
   * `propagate: false` errors come as values; otherwise the first that arrives is thrown.
   */
  async *iterate(options: GetOptions = {}): AsyncGenerator<readonly [ResultHandle, unknown]> {
    checkGetOptions(options);
    if (this.length > 0) checkJoin(options);
    const wait = this.#wait(options);
    try {
      let arrived: Arrival[] = [];
      let more = deferred<void>();
      for (const result of this.results)
        void arrival(result, this.#partOf(options, wait)).then((each) => {
          arrived.push(each);
          more.resolve();
        });
      for (let left = this.length; left > 0;) {
        await more.promise;
        more = deferred();
        const batch = arrived;
        arrived = [];
        left -= batch.length;
        for (const each of batch) {
          if ('error' in each) throw each.error;
          yield [each.result, each.value] as const;
        }
      }
    } finally {
      wait.abort();
    }
  }

  /** Whether all have finished, one way or another. */
  async ready(): Promise<boolean> {
    return (await this.#all((result) => result.ready())).every(Boolean);
  }

  /** Whether some have not finished. */
  async waiting(): Promise<boolean> {
    return !(await this.ready());
  }

  /** Whether all have succeeded. */
  async successful(): Promise<boolean> {
    return (await this.#all((result) => result.successful())).every(Boolean);
  }

  /** Whether at least one has failed; the others may still run. */
  async failed(): Promise<boolean> {
    return (await this.#all((result) => result.failed())).some(Boolean);
  }

  /** How many have succeeded so far. */
  async completedCount(): Promise<number> {
    return (await this.#all((result) => result.successful())).filter(Boolean).length;
  }

  /** Throws the error of the first result that has failed, if one has. Waits for nothing. */
  async maybeThrow(): Promise<void> {
    for (const result of this.results)
      if (await result.failed()) await result.get({ disableSyncSubtasks: false });
  }

  /** Removes what is kept about all of them. */
  async forget(): Promise<void> {
    await this.#all((result) => result.forget());
  }

  /** Revokes each of them. */
  async revoke(options?: RevokeOptions): Promise<unknown> {
    return Promise.all(this.results.map((result) => result.revoke(options)));
  }

  /** One more, unless it is there. */
  add(result: ResultHandle): void {
    if (!this.#has(result)) this.results.push(result);
  }

  /** @throws ImproperlyConfigured when it isn't there */
  remove(result: ResultHandle | string): void {
    const before = this.length;
    this.discard(result);
    if (this.length === before)
      throw new ImproperlyConfigured(
        `The set has no result ${typeof result === 'string' ? result : result.id}.`,
      );
  }

  /** Takes one out, if it is there. */
  discard(result: ResultHandle | string): void {
    const id = typeof result === 'string' ? result : result.id;
    const index = this.results.findIndex((each) => each.id === id);
    if (index >= 0) this.results.splice(index, 1);
  }

  /** More of them, but for those that are there. */
  update(results: Iterable<ResultHandle>): void {
    for (const result of results) this.add(result);
  }

  /** Takes all out. Nothing that is kept about them is lost. */
  clear(): void {
    this.results.length = 0;
  }

  [Symbol.iterator](): IterableIterator<ResultHandle> {
    return this.results[Symbol.iterator]();
  }

  #has(result: ResultHandle): boolean {
    return this.results.some((each) => each.id === result.id);
  }

  #all<T>(ask: (result: ResultHandle) => Promise<T>): Promise<T[]> {
    return Promise.all(this.results.map(ask));
  }

  #wait(options: GetOptions): Wait {
    return new Wait(options, (timeoutMs) => {
      return new TimeoutError(
        `Not all of ${this.length} results within ${timeoutMs / 1000} s. Does a worker run that consumes their queues?`,
      );
    });
  }

  /** Each waits as long as all do. */
  #partOf({ timeout: _, ...options }: GetOptions, wait: Wait): GetOptions {
    return { ...options, signal: wait.signal, disableSyncSubtasks: false };
  }
}

type Arrival = { readonly result: ResultHandle } & (
  | { readonly value: unknown }
  | { readonly error: unknown }
);

function arrival(result: ResultHandle, options: GetOptions): Promise<Arrival> {
  return result.get(options).then(
    (value) => ({ result, value }),
    (error: unknown) => ({ result, error }),
  );
}

/** Where groups are kept; the app. */
export interface GroupSource {
  resultBackend(): Promise<ResultBackend>;
  /** Remote control of workers. */
  readonly control?: Control;
}

/** A handle on the results of a group's members. */
export class GroupResult<R extends readonly unknown[] = readonly unknown[]>
  extends ResultSet<R>
  implements ResultHandle<R>
{
  readonly id: string;
  /** What had to end before the group began, where that is known. */
  readonly parent: ResultHandle | undefined;
  readonly #source: GroupSource;

  constructor(source: GroupSource, id: string, results: readonly ResultHandle[], parent?: ResultHandle) {
    super(results);
    this.#source = source;
    this.id = id;
    this.parent = parent;
  }

  /** Revokes all members with one message to the workers. */
  override async revoke(options?: RevokeOptions): Promise<unknown> {
    const { control } = this.#source;
    if (!control || this.length === 0) return super.revoke(options);
    return control.revoke(idsIn(this), options);
  }

  /** The members. */
  children(): Promise<readonly ResultHandle[]> {
    return Promise.resolve(this.results);
  }

  /** The group with its list, then every member and what it set off, each with its value. */
  collect(options: GetOptions = {}): AsyncGenerator<readonly [ResultHandle, unknown]> {
    return collect(this, options);
  }

  /**
   * Keeps the list of members in the result backend; `app.restoreGroup(id)` is the way back, in any process.
   * @throws ImproperlyConfigured where the backend keeps no groups
   */
  async save(): Promise<void> {
    const groups = await groupsOf(this.#source);
    await groups.save(this.id, this.asTuple()[1] ?? []);
  }

  /** Forgets what `save()` kept; the results stay. */
  async delete(): Promise<void> {
    const groups = await groupsOf(this.#source);
    await groups.forget(this.id);
  }

  /** `[[id, parent], members]`; `app.resultFromTuple()` is the way back. */
  asTuple(): ResultTuple {
    return [[this.id, this.parent?.asTuple() ?? null], this.results.map((result) => result.asTuple())];
  }

  toJSON(): ResultTuple {
    return this.asTuple();
  }

  override toString(): string {
    return this.id;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `<GroupResult: ${this.id} [${this.results.map((result) => result.id).join(', ')}]>`;
  }
}

/** Ids of tasks, also of those in groups inside. */
function idsIn(group: GroupResult): readonly string[] {
  return group.results.flatMap((result) => (result instanceof GroupResult ? idsIn(result) : [result.id]));
}

/** A group of nothing, which no backend knows. */
export function emptyGroup(id: string): GroupResult<[]> {
  return new GroupResult({ resultBackend: () => Promise.reject(new ResultsDisabled()) }, id, []);
}

/** @throws ImproperlyConfigured where the backend keeps no groups */
export async function groupsOf(source: GroupSource): Promise<NonNullable<ResultBackend['groups']>> {
  const backend = await source.resultBackend();
  if (backend.groups) return backend.groups;
  throw new ImproperlyConfigured(
    `The result backend ${backend.traits.driver} can't keep groups, nor count chords. Use redis://, rpc://, sqlite:// or memory://.`,
  );
}
