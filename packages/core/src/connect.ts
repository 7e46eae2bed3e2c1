import { BrokerUnavailableError, ImproperlyConfigured, TqError, toError } from './errors.ts';
import { findTransport } from './drivers.ts';
import type { FailoverStrategy } from './settings.ts';
import type { Connection, ConnectOptions, Transport } from './types/transport.ts';
import { maskUrl, parseUrl } from './url.ts';

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
  if (isDriver(setting)) {
    const { transport, url = `${transport.traits.driver}://` } = setting;
    return [{ transport, url: parseUrl(url, 'broker') }];
  }
  const texts = (typeof setting === 'string' ? setting.split(';') : setting)
    .map((text) => text.trim())
    .filter((text) => text !== '');
  if (texts.length === 0)
    throw new ImproperlyConfigured("No broker is named: give brokerUrl a URL such as 'sqlite://'.");
  return Promise.all(
    texts.map(async (text) => {
      const url = parseUrl(text, 'broker');
      return { transport: await findTransport(url, from), url };
    }),
  );
}

/** Whether a broker was given as a driver rather than by URL. */
export function isDriver(setting: unknown): setting is Exclude<BrokerSetting, string | readonly string[]> {
  return typeof setting === 'object' && setting !== null && 'transport' in setting;
}

/** In which order addresses are tried: places in their list. */
export function failoverOrder(
  endpoints: readonly Endpoint[],
  first: number,
  strategy: FailoverStrategy,
): readonly number[] {
  const places = endpoints.map((_, turn) => (first + turn) % endpoints.length);
  if (strategy === 'round-robin' || places.length < 2) return places;
  if (strategy === 'shuffle') return shuffled(places);
  const urls = endpoints.map(({ url }) => url.href);
  const sorted = strategy(urls).map((url) => urls.indexOf(url));
  if (sorted.length > 0 && !sorted.includes(-1)) return sorted;
  throw new ImproperlyConfigured(
    'The function brokerFailoverStrategy must return the addresses that it is given, in its order.',
  );
}

function shuffled(places: readonly number[]): readonly number[] {
  const keys = new Map(places.map((place) => [place, Math.random()]));
  return places.toSorted((a, b) => (keys.get(a) ?? 0) - (keys.get(b) ?? 0));
}

/** A connection, and which of the addresses answered. */
export interface Reached {
  readonly connection: Connection;
  readonly index: number;
}

/**
 * Tries each address once, in an order or beginning with one; the first that answers wins.
 * @throws BrokerUnavailableError naming what each of them said; of a lone address what its driver threw
 */
export async function connectAny(
  endpoints: readonly Endpoint[],
  order: number | readonly number[],
  options: ConnectOptions,
): Promise<Reached> {
  const failures: string[] = [];
  let last: unknown;
  const places = typeof order === 'number' ? failoverOrder(endpoints, order, 'round-robin') : order;
  for (const index of places) {
    const { transport, url } = endpoints[index] as Endpoint;
    try {
      return { connection: await transport.connect(url, options), index };
    } catch (error) {
      options.signal?.throwIfAborted();
      last = error;
      failures.push(maskUrl(`${url.href}: ${toError(error).message}`));
    }
  }
  if (endpoints.length === 1 && last instanceof TqError) throw last;
  throw new BrokerUnavailableError(`Can't reach the broker. ${failures.join('; ')}`, { cause: last });
}
