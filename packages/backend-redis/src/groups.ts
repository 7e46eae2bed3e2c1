import { randomUUID } from 'node:crypto';
import { BackendUnavailableError, DecodeError } from '@tq/core';
import type { ChordPart, ChordProgress, Encoded, GroupStore, TaskState } from '@tq/core';
import { decodeJson, encodeJson, pieces, Turn, WAITING, CHORD_MEMORY_MS } from '@tq/core/internal';
import type { Client, Counting } from './client.ts';
import type { Format } from './format.ts';
import { CHORD_KEYS } from './keys.ts';
import type { Keys } from './keys.ts';

const AT_ONCE = { count: 500, size: 1_000_000 };
/** Positions from here on only say in which order parts came that had none. */
const FIRST_WITHOUT_POSITION = 2 ** 52;

interface Counted {
  readonly group: string;
  readonly id: string;
  readonly position: string;
  readonly entry: string | Buffer;
  /** Who sends the body if this part completes the set. */
  readonly by: string;
}

/** What the groups need of their backend. */
export interface GroupsHost {
  readonly client: Client;
  readonly format: Format;
  readonly keys: Keys;
  readonly ordered: boolean;
  /** Life of what is written: milliseconds, or '' for ever. */
  readonly life: string;
  /** Of a claim on a chord's body. Milliseconds. */
  readonly leaseMs: number;
  /** Maps errors, refuses once closed. */
  guard<T>(work: () => Promise<T>): Promise<T>;
  /** Keeps and publishes a value, as Celery does. */
  put(key: string, value: string | Buffer): Promise<void>;
  get(key: string): Promise<string | null>;
  drop(...keys: readonly string[]): Promise<void>;
}

/** Groups and chord counters in Celery's layout: members may run in Python and in tq. */
export class RedisGroups implements GroupStore {
  readonly #host: GroupsHost;
  readonly #turn: Turn<Counted, Counting>;
  /** Claims are in its name, so a call whose answer was lost finds it when it is repeated. */
  readonly #self = randomUUID();

  constructor(host: GroupsHost) {
    this.#host = host;
    this.#turn = new Turn((parts) => this.#count(parts));
  }

  save(groupId: string, children: readonly unknown[]): Promise<void> {
    const value = this.#host.format.write(encodeJson({ result: [[groupId, null], children] }));
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
    const keys = [key, ...CHORD_KEYS.map((each) => key + each)];
    return this.#host.guard(() => this.#host.drop(...keys));
  }

  setChordSize(groupId: string, size: number): Promise<void> {
    const { client, life } = this.#host;
    return this.#host.guard(async () => void (await client.tqSize(1, this.#key(groupId), life, size)));
  }

  growChord(groupId: string, by: number): Promise<void> {
    const { client, life } = this.#host;
    return this.#host.guard(
      async () => void (await client.tqGrow(1, this.#key(groupId), life, by, randomUUID(), CHORD_MEMORY_MS)),
    );
  }

  addChordPart(groupId: string, part: ChordPart): Promise<ChordProgress> {
    const position = part.index === undefined ? '' : String(part.index);
    return this.#host.guard(async () => {
      const answer = await this.#turn.ask({
        group: this.#key(groupId),
        id: part.taskId,
        position,
        entry: this.#host.format.write(
          `[1, ${JSON.stringify(part.taskId)}, ${JSON.stringify(part.state)}, ${part.result}]`,
        ),
        by: `${this.#self}:${part.taskId}:${position}`,
      });
      if (Buffer.isBuffer(answer)) throw new BackendUnavailableError(answer.toString());
      if (typeof answer === 'number') return { kind: 'taken', againMs: answer };
      return answer === null ? WAITING : { kind: 'complete', parts: this.#partsOf(answer) };
    });
  }

  endChord(groupId: string): Promise<void> {
    const { client } = this.#host;
    return this.#host.guard(async () => void (await client.tqEnd(1, this.#key(groupId), CHORD_MEMORY_MS)));
  }

  /** What was counted before is written. */
  flush(): Promise<void> {
    return this.#turn.flush();
  }

  abandon(reason: Error): void {
    this.#turn.abandon(reason);
  }

  async #count(parts: readonly Counted[]): Promise<readonly Counting[]> {
    const { client, life, ordered, leaseMs } = this.#host;
    const head = [life, ordered ? '1' : '', String(leaseMs)];
    const answers = pieces(parts, AT_ONCE, ({ entry }) => entry.length).map((piece) =>
      client.tqCountBuffer(
        piece.length,
        ...piece.map(({ group }) => group),
        ...head,
        ...piece.flatMap(({ id, position, entry, by }) => [id, position, entry, by]),
      ),
    );
    return (await Promise.all(answers)).flat();
  }

  #partsOf(entries: readonly Buffer[]): readonly ChordPart[] {
    const { format, ordered } = this.#host;
    if (!ordered) return entries.map((entry) => partOf(format.read(entry), Infinity));
    const parts: ChordPart[] = [];
    for (let at = 0; at < entries.length; at += 2)
      parts.push(partOf(format.read(entries[at] as Buffer), Number(String(entries[at + 1]))));
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
