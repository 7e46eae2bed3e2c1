declare const encoded: unique symbol;

/**
 * JSON text with Celery's typed extensions (spec: message.md 4.1), written where the value was at home. Whoever
 * carries it on doesn't parse it.
 */
export type Encoded = string & { readonly [encoded]: true };

/** A way to write and read message bodies. */
export interface Serializer {
  readonly name: string;
  readonly contentType: string;
  readonly contentEncoding: 'utf-8' | 'binary';
  encode(value: unknown): Uint8Array;
  decode(bytes: Uint8Array): unknown;
}
