/** Signed bodies, Celery's serializer `auth`. Spec: message.md 8. */
import { constants, createHash, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { Buffer } from 'node:buffer';
import { SecurityError } from '../errors.ts';
import type { Serializers } from '../serialize/registry.ts';
import type { Clock } from '../types/clock.ts';
import type { Serializer } from '../types/serializer.ts';
import type { Certificate } from './certificate.ts';
import type { CertificateStore } from './store.ts';

export interface AuthOptions {
  readonly key: KeyObject;
  readonly certificate: Certificate;
  readonly store: CertificateStore;
  /** Name of the hash. */
  readonly digest: string;
  /** What is signed is written with this. */
  readonly inner: Serializer;
  /** Names of the serializers in which signed bodies may be. */
  readonly accept: readonly string[];
  readonly serializers: Serializers;
  readonly clock: Clock;
}

const SEPARATOR = Buffer.of(0, 1);

interface Signed {
  readonly certificate: Certificate;
  readonly signature: Buffer;
  readonly contentType: string;
  readonly contentEncoding: string;
  readonly body: Buffer;
}

export function authSerializer(options: AuthOptions): Serializer {
  const { inner, serializers, accept } = options;
  return {
    name: 'auth',
    contentType: 'application/data',
    contentEncoding: 'utf-8',
    encode: (value) => pack(inner.encode(value), options),
    decode(bytes) {
      const signed = unpack(Buffer.from(Buffer.from(bytes).toString('latin1'), 'base64'), options.store);
      check(signed, options);
      return serializers.forReceiving(signed.contentType, signed.contentEncoding, accept).decode(signed.body);
    },
  };
}

function pack(body: Uint8Array, { key, certificate, digest, inner }: AuthOptions): Buffer {
  const signature = sign(digest, body, pss(key, certificate, digest));
  const fields = [
    Buffer.from(Buffer.from(certificate.id).toString('base64')),
    Buffer.from(signature.toString('base64')),
    Buffer.from(inner.contentType),
    Buffer.from(inner.contentEncoding),
    Buffer.from(body),
  ];
  const joined = Buffer.concat(
    fields.flatMap((field, index) => (index === 0 ? [field] : [SEPARATOR, field])),
  );
  return Buffer.from(joined.toString('base64'));
}

/** Celery 5.5 and newer write signer and signature in base64, older ones as they are. */
function unpack(raw: Buffer, store: CertificateStore): Signed {
  const [first, rest] = cut(raw);
  const name = first.toString('utf8');
  const decoded = Buffer.from(name, 'base64').toString('utf8');
  const isNew = store.has(decoded) || !store.has(name);
  const certificate = store.get(isNew ? decoded : name);
  if (!certificate)
    throw new SecurityError(`The message is signed by ${show(decoded)}, who is not in the store.`);
  const [field, after] = isNew ? cut(rest) : cutAt(rest, certificate.signatureBytes);
  const signature = isNew ? Buffer.from(field.toString('latin1'), 'base64') : field;
  const [type, afterType] = cut(after);
  const [encoding, body] = cut(afterType);
  return {
    certificate,
    signature,
    contentType: type.toString('utf8'),
    contentEncoding: encoding.toString('utf8'),
    body,
  };
}

function check({ certificate, signature, body }: Signed, { digest, clock }: AuthOptions): void {
  if (certificate.expiresMs <= clock.now())
    throw new SecurityError(
      `The message is signed by ${show(certificate.id)}, whose certificate has expired.`,
    );
  if (verify(digest, body, pss(certificate.x509.publicKey, certificate, digest), signature)) return;
  throw new SecurityError(`The signature of ${show(certificate.id)} does not fit the message.`);
}

/** RSA-PSS with the longest salt that fits, as Celery has it. */
function pss(key: KeyObject, { signatureBytes }: Certificate, digest: string) {
  return {
    key,
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: signatureBytes - createHash(digest).digest().length - 2,
  };
}

/** Up to the next separator, and what follows it. */
function cut(bytes: Buffer): readonly [Buffer, Buffer] {
  const at = bytes.indexOf(SEPARATOR);
  if (at < 0) throw notSigned();
  return cutAt(bytes, at);
}

function cutAt(bytes: Buffer, at: number): readonly [Buffer, Buffer] {
  if (bytes.subarray(at, at + SEPARATOR.length).compare(SEPARATOR) !== 0) throw notSigned();
  return [bytes.subarray(0, at), bytes.subarray(at + SEPARATOR.length)];
}

function notSigned(): SecurityError {
  return new SecurityError('The message is not signed: its body is not five fields in base64.');
}

function show(signer: string): string {
  return JSON.stringify(signer.slice(0, 200));
}
