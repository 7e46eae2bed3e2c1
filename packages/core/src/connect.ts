import { BrokerUnavailableError, toError } from './errors.ts';
import { findTransport, maskUrl, parseUrl } from './drivers.ts';
import type { Connection, ConnectOptions, Transport } from './types/transport.ts';

/** A broker as an app names it: a URL, several for fail-over, or a driver with its URL. */
export type BrokerSetting =
  | string
  | readonly string[]
  | { readonly transport: Transport; readonly url?: string };

/** A broker's driver and address, looked up. */
export interface Endpoint {
  readonly transport: Transport;
  readonly url: URL;
}

/** What a broker setting stands for; drivers are imported here. */
export async function resolveBroker(setting: BrokerSetting, from: string): Promise<readonly Endpoint[]> {
  if (typeof setting === 'object' && 'transport' in setting) {
    return [
      {
        transport: setting.transport,
        url: parseUrl(setting.url ?? `${setting.transport.traits.driver}://`, 'broker'),
      },
    ];
  }
  const texts = (typeof setting === 'string' ? setting.split(';') : setting)
    .map((text) => text.trim())
    .filter((text) => text !== '');
  return Promise.all(
    texts.map(async (text) => {
      const url = parseUrl(text, 'broker');
      return { transport: await findTransport(url, from), url };
    }),
  );
}

/** Tries each address once, beginning with `first`; the first that answers wins. */
export async function connectAny(
  endpoints: readonly Endpoint[],
  first: number,
  options: ConnectOptions,
): Promise<Connection> {
  const failures: string[] = [];
  let last: unknown;
  for (let turn = 0; turn < endpoints.length; turn++) {
    const { transport, url } = endpoints[(first + turn) % endpoints.length] as Endpoint;
    try {
      return await transport.connect(url, options);
    } catch (error) {
      options.signal?.throwIfAborted();
      last = error;
      failures.push(`${maskUrl(url.href)}: ${toError(error).message}`);
    }
  }
  if (endpoints.length === 1 && last instanceof BrokerUnavailableError) throw last;
  throw new BrokerUnavailableError(`Can't reach the broker. ${failures.join('; ')}`, { cause: last });
}
