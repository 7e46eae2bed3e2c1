import { EncodeError } from '../errors.ts';
import { compress } from '../serialize/compress.ts';
import { encodeJson, jsonSerializer } from '../serialize/json.ts';
import type { Serializers } from '../serialize/registry.ts';
import type { Serializer } from '../types/serializer.ts';
import type { SignatureData } from '../types/signature.ts';
import type { Message, MessageProperties } from '../types/transport.ts';
import { protocol1Body } from './protocol1.ts';
import { taskBody, taskHeaders } from './protocol2.ts';
import type { OutgoingTask } from './protocol2.ts';

const NO_EMBED_TEXT = '{"callbacks": null, "errbacks": null, "chain": null, "chord": null}';

/** How the message of a call is made. */
export interface EncodeOptions {
  readonly serializer: string;
  /** null = none. */
  readonly compression: string | null;
  readonly deliveryMode: number;
  readonly priority: number;
  readonly replyTo: string;
  /** Milliseconds, as decimal text. */
  readonly expiration: string | undefined;
  readonly maxBytes: number;
  /** The setting `taskProtocol`. */
  readonly protocol: 1 | 2;
  readonly serializers: Serializers;
}

/** The message of a call. @throws EncodeError naming what can't travel, or what makes it too large */
export function encodeCall(call: OutgoingTask, options: EncodeOptions): Message {
  const serializer = options.serializers.forSending(options.serializer);
  const isOld = options.protocol === 1;
  let body = isOld ? serializer.encode(protocol1Body(call)) : bodyOf(call, serializer);
  const headers: Record<string, unknown> = isOld ? { ...call.headers } : taskHeaders(call);
  if (options.compression) {
    const compressed = compress(options.compression, body);
    headers['compression'] = compressed.header;
    body = compressed.bytes;
  }
  if (body.byteLength > options.maxBytes) throw tooLarge(call, body.byteLength, options.maxBytes);
  return { body, headers, properties: propertiesOf(call, options, serializer) };
}

function propertiesOf(call: OutgoingTask, options: EncodeOptions, serializer: Serializer): MessageProperties {
  const { contentType, contentEncoding } = serializer;
  const { deliveryMode, expiration, priority, replyTo } = options;
  const properties = {
    contentType,
    contentEncoding,
    deliveryMode,
    priority,
    correlationId: call.id,
    replyTo,
  };
  return expiration === undefined ? properties : { ...properties, expiration };
}

function bodyOf(call: OutgoingTask, serializer: Serializer): Uint8Array {
  return serializer === jsonSerializer ? Buffer.from(jsonBody(call)) : otherBody(call, serializer);
}

/** In parts, so that what can't travel is named as the caller knows it: `args[0].when`. */
function jsonBody(call: OutgoingTask): string {
  return `[${encodeJson(call.args, 'args')}, ${encodeJson(call.kwargs, 'kwargs')}, ${embedText(call)}]`;
}

/** Texts of bodies of chords: all members of a header carry the same one. */
const bodyTexts = new WeakMap<SignatureData, string>();

function embedText(call: OutgoingTask): string {
  const { callbacks, errbacks, chain, chord } = call.embed;
  if (callbacks || errbacks || chain) return encodeJson(taskBody(call)[2], 'embed');
  if (!chord) return NO_EMBED_TEXT;
  let text = bodyTexts.get(chord);
  if (text === undefined) bodyTexts.set(chord, (text = encodeJson(taskBody(call)[2], 'embed')));
  return text;
}

const PARTS = ['args', 'kwargs', 'embed'];

/** In another format, whose writer knows the body as one list: `[0][1].when` is `args[1].when`. */
function otherBody(call: OutgoingTask, serializer: Serializer): Uint8Array {
  try {
    return serializer.encode(taskBody(call));
  } catch (error) {
    if (!(error instanceof EncodeError)) throw error;
    const path = error.path.replace(/^\[([012])\]/, (_, part: string) => PARTS[Number(part)] as string);
    throw new EncodeError(path, error.message.replace(error.path, path), { cause: error.cause });
  }
}

function tooLarge(call: OutgoingTask, bytes: number, most: number): EncodeError {
  const parts = [
    ...call.args.map((value, index) => [`args[${index}]`, value] as const),
    ...Object.entries(call.kwargs).map(([key, value]) => [`kwargs.${key}`, value] as const),
  ];
  const sizes = parts
    .map(([path, value]) => [path, encodeJson(value, path).length] as const)
    .sort((a, b) => b[1] - a[1]);
  const [path, size] = sizes[0] ?? ['args', bytes];
  return new EncodeError(
    path,
    `The message for ${call.task} has ${bytes} bytes, over maxMessageBytes (${most}); its largest part is ${path} with ${size}. Store the data elsewhere and send a reference, or compress it.`,
  );
}
