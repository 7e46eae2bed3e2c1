import { randomUUID } from 'node:crypto';
import { BackendUnavailableError, DecodeError } from '@tq/core';
import type { ChordPart, ChordProgress, Encoded, GroupStore, TaskState } from '@tq/core';
import { decodeJson, encodeJson, pieces, Turn, WAITING } from '@tq/core/internal';
import type { Client } from './client.ts';
import { CHORD_KEYS, OWN_CHORD_KEYS } from './keys.ts';
import type { Keys } from './keys.ts';

/** How long a complete chord is remembered, for calls whose answer was lost. */
const MEMORY_MS = 300_000;
const AT_ONCE = { count: 500, size: 1_000_000 };
const UNSURE_MAX = 10_000;
/** Positions from here on only say in which order parts came that had none. */
const FIRST_WITHOUT_POSITION = 2 ** 52;

interface Counted {
  readonly group: string;
  readonly id: string;
  readonly position: string;
  readonly entry: string;
  readonly token: string;
}

/** What the groups need of their backend. */
export interface GroupsHost {
  readonly client: Client;
  readonly keys: Keys;
  readonly ordered: boolean;
  /** Life of what is written: milliseconds, or '' for ever. */
  readonly life: string;
  /** Maps errors, refuses once closed. */
  guard<T>(work: () => Promise<T>): Promise<T>;
  /** Keeps and publishes a value, as Celery does. */
  put(key: string, value: string): Promise<void>;
  get(key: string): Promise<string | null>;
  drop(...keys: readonly string[]): Promise<void>;
}

/** Groups and chord counters in Celery's layout: members may run in Python and in tq. */
export class RedisGroups implements GroupStore {
  readonly #host: GroupsHost;
  readonly #turn: Turn<Counted, readonly string[] | string | null>;
  /** Tokens of calls that failed after they were sent: repeated with the same token they find their answer. */
  readonly #unsure = new Map<string, string>();

  constructor(host: GroupsHost) {
    this.#host = host;
    this.#turn = new Turn((parts) => this.#count(parts));
  }

  save(groupId: string, children: readonly unknown[]): Promise<void> {
    const value = encodeJson({ result: [[groupId, null], children] });
    return this.#host.guard(() => this.#host.put(this.#key(groupId), value));
  }

  restore(groupId: string): Promise<readonly unknown[] | undefined> {
    return this.#host.guard(async () => {
      const text = await this.#host.get(this.#key(groupId));
      if (text === null) return undefined;
      const { result } = (decodeJson(text) ?? {}) as { readonly result?: unknown };
      const children = Array.isArray(result) ? (result[1] as unknown) : undefined;
      if (Array.isArray(children)) return children as readonly unknown[];
      throw new DecodeError(`What is saved for the group ${groupId} is not a group of results.`);
    });
  }

  forget(groupId: string): Promise<void> {
    const key = this.#key(groupId);
    const keys = [key, ...[...CHORD_KEYS, ...OWN_CHORD_KEYS].map((each) => key + each)];
    return this.#host.guard(() => this.#host.drop(...keys));
  }

  setChordSize(groupId: string, size: number): Promise<void> {
    return this.#host.guard(() => this.#host.put(`${this.#key(groupId)}.s`, String(size)));
  }

  addChordPart(groupId: string, part: ChordPart): Promise<ChordProgress> {
    return this.#host.guard(async () => {
      const call = `${groupId} ${part.taskId}`;
      const token = this.#unsure.get(call) ?? randomUUID();
      this.#remember(call, token);
      const answer = await this.#turn.ask({
        group: this.#key(groupId),
        id: JSON.stringify(part.taskId),
        position: part.index === undefined ? '' : String(part.index),
        entry: `[1, ${JSON.stringify(part.taskId)}, ${JSON.stringify(part.state)}, ${part.result}]`,
        token,
      });
      if (typeof answer === 'string') throw new BackendUnavailableError(answer);
      this.#unsure.delete(call);
      return answer === null ? WAITING : { kind: 'complete', parts: this.#partsOf(answer) };
    });
  }

  growChord(groupId: string, by: number): Promise<void> {
    return this.#host.guard(async () => {
      await this.#host.client.incrby(`${this.#key(groupId)}.t`, by);
    });
  }

  endChord(groupId: string): Promise<void> {
    const key = this.#key(groupId);
    return this.#host.guard(() => this.#host.drop(...CHORD_KEYS.map((each) => key + each)));
  }

  /** What was counted before is written. */
  flush(): Promise<void> {
    return this.#turn.flush();
  }

  abandon(reason: Error): void {
    this.#turn.abandon(reason);
  }

  async #count(parts: readonly Counted[]): Promise<readonly (readonly string[] | string | null)[]> {
    const { client, life, ordered } = this.#host;
    const head = [life, ordered ? '1' : '', String(MEMORY_MS)];
    const answers = pieces(parts, AT_ONCE, ({ entry }) => entry.length).map((piece) =>
      client.tqCount(
        piece.length,
        ...piece.map(({ group }) => group),
        ...head,
        ...piece.flatMap(({ id, position, entry, token }) => [id, position, entry, token]),
      ),
    );
    return (await Promise.all(answers)).flat();
  }

  #remember(call: string, token: string): void {
    this.#unsure.set(call, token);
    if (this.#unsure.size <= UNSURE_MAX) return;
    const [oldest] = this.#unsure.keys();
    this.#unsure.delete(oldest as string);
  }

  #partsOf(entries: readonly string[]): readonly ChordPart[] {
    if (!this.#host.ordered) return entries.map((entry) => partOf(entry, Infinity));
    const parts: ChordPart[] = [];
    for (let at = 0; at < entries.length; at += 2)
      parts.push(partOf(entries[at] as string, Number(entries[at + 1])));
    return parts;
  }

  #key(groupId: string): string {
    return this.#host.keys.group(groupId);
  }
}

/** `[1, "<task id>", "<state>", <result>]`, by tq or by Python. */
const ENTRY = /^\[1,\s*("(?:[^"\\]|\\.)*"),\s*("(?:[^"\\]|\\.)*"),\s*/;

/** The result stays the text that it is. */
function partOf(entry: string, score: number): ChordPart {
  const head = ENTRY.exec(entry);
  if (!head || !entry.endsWith(']'))
    throw new DecodeError(
      `A part of a chord is not in JSON: ${entry.slice(0, 80)}. Does a worker use another result_serializer?`,
    );
  return {
    taskId: JSON.parse(head[1] as string) as string,
    state: JSON.parse(head[2] as string) as TaskState,
    result: entry.slice(head[0].length, -1) as Encoded,
    index: score < FIRST_WITHOUT_POSITION ? score : undefined,
  };
}
