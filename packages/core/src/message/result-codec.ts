/** How results are kept: the settings resultSerializer, resultAcceptContent, resultCompression. Spec: results.md 2. */
import { Buffer } from 'node:buffer';
import type { Config } from '../config.ts';
import { decodeJson, encodeJson, jsonSerializer } from '../serialize/json.ts';
import { Serializers } from '../serialize/registry.ts';
import type { Content, ResultCodec } from '../types/backend.ts';
import type { Encoded } from '../types/serializer.ts';
import { encodeMeta, readMeta } from './meta.ts';

type ResultSettings = Pick<Config, 'acceptContent' | 'resultAcceptContent' | 'resultSerializer'> &
  Partial<Pick<Config, 'resultCompression'>>;

/** The codec that a configuration asks for. @throws ImproperlyConfigured when it names a serializer that nobody knows */
export function resultCodec(config: ResultSettings, serializers: Serializers): ResultCodec {
  const serializer = serializers.forSending(config.resultSerializer);
  const { contentType, contentEncoding } = serializer;
  const own: Content = { contentType, contentEncoding };
  // What a worker of the same settings writes must be readable, whatever tasks may be written in.
  const accept = config.resultAcceptContent ?? [...config.acceptContent, contentType];
  const decode = (bytes: Uint8Array, content: Content = own): unknown =>
    serializers.forReceiving(content.contentType, content.contentEncoding, accept).decode(bytes);
  return {
    contentType,
    contentEncoding,
    compression: config.resultCompression ?? undefined,
    encode: (value) => serializer.encode(value),
    encodeMeta(meta) {
      const text = encodeMeta(meta);
      return serializer === jsonSerializer ? Buffer.from(text) : serializer.encode(decodeJson(text));
    },
    decode,
    decodeMeta: (bytes, content) => readMeta(decode(bytes, content)),
  };
}

/** For backends that are opened without an app. */
export function jsonResults(): ResultCodec {
  return resultCodec(
    { acceptContent: ['json'], resultAcceptContent: null, resultSerializer: 'json' },
    new Serializers(),
  );
}

/** The result of a task as it travels inside of the fleet, once it is sure that the result serializer can write it too. */
export function encodeResult(value: unknown, config: ResultSettings, serializers: Serializers): Encoded {
  const encoded = encodeJson(value, 'result');
  const serializer = serializers.forSending(config.resultSerializer);
  if (serializer !== jsonSerializer) serializer.encode({ result: value });
  return encoded;
}
