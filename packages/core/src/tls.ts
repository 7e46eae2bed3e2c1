import { readFileSync } from 'node:fs';
import { ImproperlyConfigured, toError } from './errors.ts';
import { toCamel } from './spelling.ts';
import type { TlsOptions, TlsSetting } from './types/tls.ts';

type Given = Readonly<Record<string, unknown>>;

/** Celery's names → Node's. Those of files stand for what is in them. */
const FILES: Readonly<Record<string, string>> = { keyfile: 'key', certfile: 'cert', caCerts: 'ca' };
const NAMES: Readonly<Record<string, string>> = {
  caData: 'ca',
  password: 'passphrase',
  serverHostname: 'servername',
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
  'checkServerIdentity',
  'secureContext',
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
      !Object.hasOwn(NAMES, name) &&
      name !== 'certReqs' &&
      name !== 'checkHostname'
    );
  });
}

/** Options for drivers: files are read, Celery's names are Node's. undefined = as the URL says. */
export function tlsOptions(setting: TlsSetting | null): true | TlsOptions | undefined {
  if (setting === null || setting === false) return undefined;
  return setting === true ? true : nodeOptions(setting as Given);
}

/**
 * How a driver speaks TLS; undefined: it doesn't. `byScheme` is whether the URL's scheme demands it; the sources are
 * settings, options and what `tlsInQuery` gives, the later of them the more particular.
 *
 * @throws ImproperlyConfigured for an option that isn't known, or a file that can't be read
 */
export function readTls(byScheme: boolean, ...sources: readonly unknown[]): TlsOptions | undefined {
  let options: TlsOptions | undefined;
  for (const source of sources) {
    if (source === undefined || source === null) continue;
    if (typeof source === 'object') options = { ...options, ...nodeOptions(source as Given) };
    else options = isFalse(source) ? undefined : (options ?? {});
  }
  return byScheme ? (options ?? {}) : options;
}

/** Celery's TLS parameters of a URL, `ssl_…`; `ssl` alone says whether. undefined: none. */
export function tlsInQuery({ searchParams }: URL): Given | string | undefined {
  const given = Object.fromEntries([...searchParams].filter(([name]) => name.startsWith('ssl_')));
  return Object.keys(given).length > 0 ? given : (searchParams.get('ssl') ?? undefined);
}

function nodeOptions(given: Given): TlsOptions {
  const wrong = wrongTlsKey(given);
  if (wrong !== undefined)
    throw new ImproperlyConfigured(
      `There is no TLS option "${wrong}": use ca_certs, certfile, keyfile, cert_reqs and check_hostname (in a URL with ssl_ in front), or those of Node's tls.connect().`,
    );
  const options: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(given)) {
    const name = ours(key);
    const content = FILES[name];
    if (value === undefined || value === null) continue;
    if (content !== undefined) options[content] = contentOf(String(value as string));
    else if (name === 'certReqs') options['rejectUnauthorized'] = isRequired(value);
    else if (name !== 'checkHostname') options[NAMES[name] ?? name] = value;
    else if (isFalse(value)) options['checkServerIdentity'] = () => undefined;
  }
  return options as TlsOptions;
}

/** `ssl_ca_certs` of Redis, `ca_certs` of AMQP: both are caCerts. */
function ours(key: string): string {
  return toCamel(key.replace(/^ssl_/, ''));
}

/** Python's `ssl.CERT_NONE` is 0, `CERT_OPTIONAL` 1, `CERT_REQUIRED` 2; of a server the last two are the same. */
function isRequired(value: unknown): boolean {
  const text = String(value as string).toLowerCase();
  if (/^(?:0|false|(?:cert_)?none)$/.test(text)) return false;
  if (/^(?:1|2|true|(?:cert_)?(?:optional|required))$/.test(text)) return true;
  throw new ImproperlyConfigured(
    `The TLS option cert_reqs must be required, optional or none, not ${JSON.stringify(value)}.`,
  );
}

function isFalse(value: unknown): boolean {
  return value === false || /^(?:0|false|no|off)$/i.test(String(value as string));
}

function contentOf(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new ImproperlyConfigured(`The TLS file ${file} can't be read: ${toError(error).message}`, {
      cause: error,
    });
  }
}
