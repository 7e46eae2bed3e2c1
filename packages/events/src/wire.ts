import { Buffer } from 'node:buffer';
import type { App, Message } from '@tq/core';
import type { ReceivedEvent } from './vocabulary.ts';

/** The events of one message, and how many in it were none. */
export interface ReadEvents {
  readonly events: readonly ReceivedEvent[];
  readonly malformed: number;
}

const NOTHING: ReadEvents = { events: [], malformed: 1 };

/** A client's own clock counts only from its start, so its events stand right before what happens here. Celery does so too. */
const CLIENT_SKEW = -1;

/** Reads a message: one event, or a list of them. Moves the app's clock on. What is no event is counted, never thrown. */
export function readEvents(app: App, message: Message): ReadEvents {
  const content = decoded(app, message);
  if (!Array.isArray(content)) {
    const event = isEvent(content) ? arrived(app, content) : undefined;
    return event ? { events: [event], malformed: 0 } : NOTHING;
  }
  const events = content.filter(isEvent).map((each) => arrived(app, each));
  return { events, malformed: content.length - events.length };
}

function decoded(app: App, { body, properties }: Message): unknown {
  const { contentType, contentEncoding } = properties;
  try {
    const accept = [app.config.eventSerializer, 'json'];
    const serializer = app.serializers.forReceiving(contentType, contentEncoding, accept);
    return serializer.decode(Buffer.isBuffer(body) ? body : Buffer.from(body));
  } catch {
    return undefined; // counted as malformed
  }
}

type Raw = Readonly<Record<string, unknown>> & {
  readonly type: string;
  readonly hostname: string;
  readonly timestamp: number;
};

function isEvent(value: unknown): value is Raw {
  if (typeof value !== 'object' || value === null) return false;
  const { type, hostname, timestamp, uuid } = value as Raw;
  if (typeof type !== 'string' || typeof hostname !== 'string' || typeof timestamp !== 'number') return false;
  return !type.startsWith('task-') || typeof uuid === 'string';
}

function arrived(app: App, event: Raw): ReceivedEvent {
  return { ...event, clock: clockOf(app, event), local_received: app.clock.now() / 1000 };
}

function clockOf({ lamport }: App, { type, clock }: Raw): number {
  if (type === 'task-sent') return Math.max(0, lamport.value + CLIENT_SKEW);
  if (!Number.isSafeInteger(clock)) return lamport.forward();
  lamport.adjust(clock as number);
  return clock as number;
}
