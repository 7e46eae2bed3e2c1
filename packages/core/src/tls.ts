import { readFileSync } from 'node:fs';
import { ImproperlyConfigured } from './errors.ts';
import { toCamel } from './spelling.ts';
import type { TlsOptions, TlsSetting } from './types/tls.ts';

/** Celery's names of files → Node's names of what is in them. */
const FILES: Readonly<Record<string, 'key' | 'cert' | 'ca'>> = {
  keyfile: 'key',
  certfile: 'cert',
  caCerts: 'ca',
};

const NODE_KEYS: readonly string[] = [
  'ca',
  'cert',
  'key',
  'passphrase',
  'pfx',
  'ciphers',
  'minVersion',
  'maxVersion',
  'rejectUnauthorized',
  'servername',
  'crl',
  'ecdhCurve',
  'sigalgs',
  'secureProtocol',
  'secureOptions',
];

/** The first key that is neither Node's nor Celery's. */
export function wrongTlsKey(options: object): string | undefined {
  return Object.keys(options).find((key) => {
    const name = ours(key);
    return (
      !NODE_KEYS.includes(name) &&
      !Object.hasOwn(FILES, name) &&
      name !== 'certReqs' &&
      name !== 'checkHostname'
    );
  });
}

/** Options for drivers: files are read, Celery's names are Node's. undefined = as the URL says. */
export function tlsOptions(setting: TlsSetting | null): true | TlsOptions | undefined {
  if (setting === null || setting === false) return undefined;
  if (setting === true) return true;
  const options: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(setting) as [string, unknown][]) {
    const name = ours(key);
    const content = FILES[name];
    if (content !== undefined) options[content] = contentOf(String(value));
    else if (name === 'certReqs') options['rejectUnauthorized'] = isRequired(value);
    else if (name !== 'checkHostname') options[name] = value;
    else if (value === false) options['checkServerIdentity'] = () => undefined;
  }
  return options as TlsOptions;
}

/** `ssl_ca_certs` of Redis, `ca_certs` of AMQP: both are caCerts. */
function ours(key: string): string {
  return toCamel(key.replace(/^ssl_/, ''));
}

/** Python's `ssl.CERT_NONE` is 0, `CERT_OPTIONAL` 1, `CERT_REQUIRED` 2. */
function isRequired(value: unknown): boolean {
  if (typeof value === 'string') return !/(?:^|_)none$/i.test(value);
  return value !== 0 && value !== null;
}

function contentOf(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new ImproperlyConfigured(`The TLS file ${file} can't be read.`, { cause: error });
  }
}
