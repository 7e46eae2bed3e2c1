import { PublishError } from '@tq/core';
import type { Message } from '@tq/core';
import type { Envelope, PutEntry, Taken } from '@tq/virtual';
import { readContent, writeContent } from './content.ts';
import type { Content } from './content.ts';
import { tagOf } from './holds.ts';
import type { Holds } from './holds.ts';
import { HEARD_NUMBERS } from './broadcasts.ts';
import { TAKEN_NUMBERS } from './messages.ts';
import type { PutRow } from './messages.ts';
import { unpack } from './wire.ts';
import type { Catch, Pack } from './wire.ts';

const HIGHEST_PRIORITY = 9;

/** Envelopes as rows. Rejects the batch as a whole when one of them can't be kept. */
export function rowsOf(entries: readonly PutEntry[]): readonly PutRow[] {
  return entries.map(({ envelope, notBeforeMs, queue }) => {
    const dueAt = notBeforeMs !== undefined && notBeforeMs > Date.now() ? Math.ceil(notBeforeMs) : null;
    const { content, body } = writeContent(envelope);
    return [nameOf(queue), priorityOf(envelope.message), dueAt, content, body];
  });
}

/** SQLite's texts end at a zero byte. */
export function nameOf(name: string): string {
  if (!name.includes('\0')) return name;
  throw new PublishError(`The name ${JSON.stringify(name)} contains a zero byte; use another one.`);
}

/** What was taken, and is held from now on. */
export function takenOf(caught: Catch, holds: Holds): Taken[] {
  const { numbers, queues } = caught;
  const contents = unpack(caught);
  const taken: Taken[] = [];
  for (const [queue, count] of queues)
    for (const end = taken.length + count; taken.length < end;) {
      const row = taken.length;
      const at = row * TAKEN_NUMBERS;
      const [id, times] = [numbers[at] as number, numbers[at + 2] as number];
      holds.add(id, times);
      taken.push(new StoredMessage(queue, id, times, numbers[at + 3] as number, contents[row] as Content));
    }
  return taken;
}

/** A message that was taken. Its text is read when somebody looks at it. */
class StoredMessage implements Taken {
  readonly tag: string;
  readonly queue: string;
  readonly redelivered: boolean;
  readonly deliveries: number;
  readonly #content: Content;
  #envelope: Envelope | undefined;

  constructor(queue: string, id: number, times: number, deliveries: number, content: Content) {
    this.tag = tagOf(id, times);
    this.queue = queue;
    this.redelivered = times > 1;
    this.deliveries = deliveries;
    this.#content = content;
  }

  get envelope(): Envelope {
    return (this.#envelope ??= readContent(this.#content));
  }
}

/** What was broadcast, with its place in the order. */
export function broadcastsOf(heard: Pack): readonly { readonly id: number; readonly envelope: Envelope }[] {
  return unpack(heard).map((content, row) => ({
    id: heard.numbers[row * HEARD_NUMBERS] as number,
    envelope: readContent(content),
  }));
}

function priorityOf({ properties }: Message): number {
  const { priority } = properties ?? {};
  return typeof priority === 'number' && priority > 0 ? Math.min(Math.trunc(priority), HIGHEST_PRIORITY) : 0;
}
