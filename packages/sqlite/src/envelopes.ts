import { PublishError } from '@tq/core';
import type { Message } from '@tq/core';
import type { Envelope, PutEntry, Taken } from '@tq/virtual';
import { isContent, readContent, unreadable, writeContent } from './content.ts';
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
  const rows = unpack(caught, TAKEN_NUMBERS);
  const taken: Taken[] = [];
  for (const [queue, count] of caught.queues)
    for (let end = taken.length + count; taken.length < end;) {
      const { numbers, content, body } = rows[taken.length] as (typeof rows)[number];
      const [id, , times, deliveries] = numbers as readonly [number, number, number, number];
      holds.add(id, times);
      taken.push({
        tag: tagOf(id, times),
        queue,
        envelope: isContent(content) ? readContent(content, body) : unreadable(shown(content), body),
        redelivered: times > 1,
        deliveries,
      });
    }
  return taken;
}

/** What was broadcast, with its place in the order. */
export function broadcastsOf(heard: Pack): readonly { readonly id: number; readonly envelope: Envelope }[] {
  return unpack(heard, HEARD_NUMBERS).map(({ numbers, content, body }) => ({
    id: numbers[0] as number,
    envelope: isContent(content) ? readContent(content, body) : unreadable(shown(content), body),
  }));
}

function shown(content: unknown): string {
  return typeof content === 'string' ? content : JSON.stringify(content);
}

function priorityOf({ properties }: Message): number {
  const { priority } = properties ?? {};
  return typeof priority === 'number' && priority > 0 ? Math.min(Math.trunc(priority), HIGHEST_PRIORITY) : 0;
}
