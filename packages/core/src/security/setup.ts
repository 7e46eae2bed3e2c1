import { createHash, createPrivateKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Config } from '../config.ts';
import { ImproperlyConfigured, SecurityError } from '../errors.ts';
import type { Serializers } from '../serialize/registry.ts';
import type { Clock } from '../types/clock.ts';
import type { Serializer } from '../types/serializer.ts';
import { authSerializer } from './auth.ts';
import { readCertificate } from './certificate.ts';
import type { Certificate } from './certificate.ts';
import { readStore, textOf } from './store.ts';

/** How messages are signed; what is left out stands in the settings `security…`. */
export interface SecurityOptions {
  /** File of the private key, PEM. @default the setting securityKey */
  readonly key?: string;
  /** @default the setting securityKeyPassword */
  readonly keyPassword?: string | Uint8Array;
  /** File of its certificate, PEM. @default the setting securityCertificate */
  readonly cert?: string;
  /** Folder or pattern of the certificates of those who are believed. @default the setting securityCertStore */
  readonly store?: string;
  /** @default the setting securityDigest */
  readonly digest?: string;
  /** How signed bodies are written. @default "json" */
  readonly serializer?: string;
  /** How signed bodies of others may be written, besides that. */
  readonly allowedSerializers?: readonly string[];
}

/** Everything that signing needs of an app. */
export interface SecurityHost {
  readonly config: Config;
  readonly serializers: Serializers;
  readonly clock: Clock;
}

/** The serializer `auth` of an app. @throws ImproperlyConfigured, SecurityError */
export function makeAuth(options: SecurityOptions, { config, serializers, clock }: SecurityHost): Serializer {
  const key = options.key ?? config.securityKey;
  const cert = options.cert ?? config.securityCertificate;
  const store = options.store ?? config.securityCertStore;
  if (key === null || cert === null || store === null)
    throw new ImproperlyConfigured(
      'Signing needs a key, its certificate and a store of certificates: give setupSecurity() key, cert and store, or set securityKey, securityCertificate and securityCertStore.',
    );
  const digest = knownDigest(options.digest ?? config.securityDigest);
  const inner = serializers.forSending(options.serializer ?? 'json');
  if (inner.name === 'auth') throw new ImproperlyConfigured('What is signed can not be signed once more.');
  const certificate = readCertificate(textOf(cert), cert);
  const privateKey = readKey(key, options.keyPassword ?? config.securityKeyPassword ?? undefined);
  checkPair(privateKey, certificate, key, cert);
  return authSerializer({
    key: privateKey,
    certificate,
    store: readStore(store, clock.now()),
    digest,
    inner,
    accept: [inner.name, ...(options.allowedSerializers ?? [])],
    serializers,
    clock,
  });
}

function readKey(file: string, password: string | Uint8Array | undefined): KeyObject {
  const pem = textOf(file);
  let key: KeyObject;
  try {
    const passphrase = typeof password === 'object' ? Buffer.from(password) : password;
    key = createPrivateKey(passphrase === undefined ? pem : { key: pem, passphrase });
  } catch (error) {
    throw new SecurityError(`${file} is not a private key in PEM form, or its password is another.`, {
      cause: error,
    });
  }
  if (key.asymmetricKeyType === 'rsa') return key;
  throw new SecurityError(
    `The key ${file} is of the type ${key.asymmetricKeyType}; Celery signs with RSA keys only.`,
  );
}

/** What another key signs, nobody would believe. */
function checkPair(key: KeyObject, certificate: Certificate, keyFile: string, certFile: string): void {
  if (certificate.x509.checkPrivateKey(key)) return;
  throw new SecurityError(`The certificate ${certFile} is not that of the key ${keyFile}.`);
}

function knownDigest(name: string): string {
  try {
    createHash(name);
    return name;
  } catch (error) {
    throw new ImproperlyConfigured(`There is no digest ${JSON.stringify(name)}; use "sha256".`, {
      cause: error,
    });
  }
}
