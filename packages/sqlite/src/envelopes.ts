import { PublishError } from '@tq/core';
import type { Message } from '@tq/core';
import { toError } from '@tq/core/internal';
import type { Envelope, PutEntry, Taken } from '@tq/virtual';
import type { BroadcastRow } from './broadcasts.ts';
import { tagOf } from './holds.ts';
import type { PutRow } from './messages.ts';
import { unpackBodies } from './wire.ts';
import type { Catch, Pack } from './wire.ts';

const HIGHEST_PRIORITY = 9;

/** A message's headers and properties as JSON. */
export type Heads = readonly [headers: string, properties: string];

/** Envelopes as rows, their bodies apart. Rejects the batch as a whole when one of them can't be kept. */
export function rowsOf(entries: readonly PutEntry[]): readonly PutRow[] {
  let message: Message | undefined;
  let heads: Heads = ['{}', '{}'];
  return entries.map(({ envelope, notBeforeMs, queue }) => {
    // A message for several queues comes several times in a row.
    if (envelope.message !== message) heads = headsOf((message = envelope.message));
    const { exchange, routingKey } = envelope;
    const dueAt = notBeforeMs !== undefined && notBeforeMs > Date.now() ? Math.ceil(notBeforeMs) : null;
    return [
      nameOf(queue),
      priorityOf(envelope.message),
      dueAt,
      nameOf(exchange),
      nameOf(routingKey),
      ...heads,
    ] as const;
  });
}

export function headsOf(message: Message): Heads {
  try {
    return [JSON.stringify(message.headers ?? {}), JSON.stringify(message.properties ?? {})];
  } catch (error) {
    throw new PublishError(
      `The headers of the message can't be written as JSON: ${toError(error).message}. Send plain values only.`,
      { cause: error },
    );
  }
}

/** SQLite's texts end at a zero byte. */
export function nameOf(name: string): string {
  if (!name.includes('\0')) return name;
  throw new PublishError(`The name ${JSON.stringify(name)} contains a zero byte; use another one.`);
}

/** As it came, or with a note that what stood there is no JSON: whoever reads the message decides. */
function messageOf(headers: string, properties: string, body: Uint8Array): Message {
  try {
    return {
      body,
      headers: JSON.parse(headers) as Message['headers'],
      properties: JSON.parse(properties) as Message['properties'],
    };
  } catch {
    return { body, headers: { 'x-tq-unreadable': headers }, properties: { contentType: 'application/data' } };
  }
}

export function takenOf(caught: Catch): Taken[] {
  const bodies = unpackBodies(caught.bodies);
  const taken: Taken[] = [];
  for (const [queue, count] of caught.queues)
    for (let end = taken.length + count; taken.length < end;) {
      const index = taken.length;
      const [id, , times, deliveries, exchange, routingKey, headers, properties] = caught.rows[
        index
      ] as Catch['rows'][number];
      const message = messageOf(headers, properties, bodies[index] as Uint8Array);
      taken.push({
        tag: tagOf(id, times),
        queue,
        envelope: { message, exchange, routingKey },
        redelivered: times > 1,
        deliveries,
      });
    }
  return taken;
}

/** What was broadcast, with its place in the order. */
export function broadcastsOf(
  heard: Pack<BroadcastRow>,
): readonly { readonly id: number; readonly envelope: Envelope }[] {
  const bodies = unpackBodies(heard.bodies);
  return heard.rows.map(([id, exchange, routingKey, headers, properties], index) => {
    const message = messageOf(headers, properties, bodies[index] as Uint8Array);
    return { id, envelope: { message, exchange, routingKey } };
  });
}

function priorityOf({ properties }: Message): number {
  const { priority } = properties ?? {};
  return typeof priority === 'number' && priority > 0 ? Math.min(Math.trunc(priority), HIGHEST_PRIORITY) : 0;
}
