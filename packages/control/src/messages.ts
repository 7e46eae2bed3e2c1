import { DecodeError } from '@tq/core';
import type { Config, Delivery, Message } from '@tq/core';
import type { App } from '@tq/core';

/** A command on the wire. Spec: control.md 1.1. */
export interface Command {
  readonly method: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly destination: readonly string[] | null;
  readonly pattern: string | null;
  readonly matcher: string | null;
  /** Where to answer, and under which number. */
  readonly replyTo?: { readonly exchange: string; readonly routingKey: string };
  readonly ticket?: string;
}

/** What an answer says. Spec: control.md 1.2. */
export interface Answer {
  readonly ticket: string | undefined;
  /** One node, as a rule. */
  readonly replies: Readonly<Record<string, unknown>>;
  /** Nodes that the answering one knows to run: a header of tq's own. */
  readonly nodes: readonly string[] | undefined;
  readonly clock: number | undefined;
}

const NODES_HEADER = 'tq_nodes';

type Wording = { readonly serializers: App['serializers']; readonly config: Config };

/** `expires`: unix seconds, 0 = never. */
export function encodeCommand(
  app: Wording,
  command: Command,
  { clock, expires }: { readonly clock: number; readonly expires: number },
): Message {
  const { replyTo, ticket, ...all } = command;
  const answered = replyTo && {
    ticket,
    reply_to: { exchange: replyTo.exchange, routing_key: replyTo.routingKey },
  };
  return encode(app, { ...all, ...answered }, { clock, expires }, 2);
}

export function encodeAnswer(
  app: Wording,
  replies: Readonly<Record<string, unknown>>,
  headers: {
    readonly ticket: string | undefined;
    readonly clock: number;
    readonly nodes: readonly string[] | undefined;
  },
): Message {
  const { ticket, clock, nodes } = headers;
  return encode(
    app,
    replies,
    { ...(ticket === undefined ? {} : { ticket }), clock, ...(nodes ? { [NODES_HEADER]: nodes } : {}) },
    1,
  );
}

/** @throws DecodeError, ContentDisallowed */
export function decodeCommand(app: Wording, { message }: Pick<Delivery, 'message'>): Command {
  const body = decode(app, message);
  const { method, destination, pattern, matcher, ticket } = body;
  if (typeof method !== 'string') throw new DecodeError('A command for remote control names no method.');
  const replyTo = body['reply_to'];
  const given = body['arguments'];
  return {
    method,
    arguments: isObject(given) ? given : {},
    destination: destinationOf(destination),
    pattern: typeof pattern === 'string' ? pattern : null,
    matcher: typeof matcher === 'string' ? matcher : null,
    ...(isObject(replyTo)
      ? {
          replyTo: {
            exchange: textOf(replyTo['exchange']),
            routingKey: textOf(replyTo['routing_key']),
          },
        }
      : {}),
    ...(typeof ticket === 'string' ? { ticket } : {}),
  };
}

/** @throws DecodeError, ContentDisallowed */
export function decodeAnswer(app: Wording, { message }: Pick<Delivery, 'message'>): Answer {
  const { ticket, clock, [NODES_HEADER]: nodes } = message.headers;
  return {
    ticket: typeof ticket === 'string' ? ticket : undefined,
    clock: typeof clock === 'number' ? clock : undefined,
    nodes: Array.isArray(nodes) ? nodes.map(String) : undefined,
    replies: decode(app, message),
  };
}

function encode(
  { serializers, config }: Wording,
  body: object,
  headers: Readonly<Record<string, unknown>>,
  deliveryMode: number,
): Message {
  const serializer = serializers.forSending(config.taskSerializer);
  return {
    body: serializer.encode(body),
    headers,
    properties: {
      contentType: serializer.contentType,
      contentEncoding: serializer.contentEncoding,
      deliveryMode,
      priority: 0,
    },
  };
}

function decode({ serializers, config }: Wording, message: Message): Readonly<Record<string, unknown>> {
  const { contentType, contentEncoding } = message.properties;
  const body = serializers
    .forReceiving(contentType, contentEncoding, config.acceptContent)
    .decode(message.body);
  if (isObject(body)) return body;
  throw new DecodeError('A message of remote control is not an object.');
}

/** One name alone stands for a list of it. */
function destinationOf(given: unknown): readonly string[] | null {
  if (typeof given === 'string') return [given];
  return Array.isArray(given) ? given.map(String) : null;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
