import type { ConnectOptions } from '@tq/core';
import { readAddress } from './address.ts';
import { Keys } from './keys.ts';
import { Link } from './link.ts';
import { readOptions, withoutEffect } from './options.ts';
import type { RedisOptions } from './options.ts';

/** A link in use by one store. */
export interface Share {
  readonly link: Link;
  /** The last one ends the link. */
  release(): void;
}

/** What a store needs. */
export interface Opened {
  readonly share: Share;
  readonly keys: Keys;
  readonly options: RedisOptions;
}

interface Shared {
  readonly opening: Promise<Link>;
  users: number;
}

/** One link for each server, user and set of options in this process, whatever the number of connections. */
const links = new Map<string, Shared>();

/** @throws ImproperlyConfigured, BrokerUnavailableError */
export async function shareLink(url: URL, given: ConnectOptions): Promise<Opened> {
  const key = JSON.stringify([url.href, given.options, given.tls], functionsByNumber);
  const prepared = prepare(url, given);
  let shared = links.get(key);
  if (!shared) {
    const opening = prepared.open();
    shared = { opening, users: 0 };
    links.set(key, shared);
    forgetWhenOver(key, shared);
  }
  const entry = shared;
  entry.users += 1;
  const link = await entry.opening;
  let released = false;
  const release = (): void => {
    if (released) return;
    released = true;
    entry.users -= 1;
    if (entry.users > 0) return;
    if (links.get(key) === entry) links.delete(key);
    link.end(undefined);
  };
  return { share: { link, release }, keys: prepared.keys, options: prepared.options };
}

const numbers = new WeakMap<object, number>();
let lastNumber = 0;

/** Options with different functions are different. */
function functionsByNumber(_: string, value: unknown): unknown {
  if (typeof value !== 'function') return value;
  const number = numbers.get(value) ?? ++lastNumber;
  numbers.set(value, number);
  return `function ${number}`;
}

/** A link of one's own. */
export async function ownLink(url: URL, given: ConnectOptions): Promise<Opened> {
  const { keys, open, options } = prepare(url, given);
  const link = await open();
  return { share: { link, release: () => link.end(undefined) }, keys, options };
}

function prepare(
  url: URL,
  { logger, options: given, timeoutMs, tls }: ConnectOptions,
): { readonly keys: Keys; readonly options: RedisOptions; readonly open: () => Promise<Link> } {
  const options = readOptions(given);
  const address = readAddress(url, options, tls);
  const idle = withoutEffect(given);
  if (idle.length > 0) logger.debug('These options change nothing on Redis', { options: idle });
  const keys = new Keys({
    prefix: options.keyPrefix,
    separator: options.separator,
    steps: options.prioritySteps,
    unacked: options.unacked,
    unackedIndex: options.unackedIndex,
    unackedMutex: options.unackedMutex,
    fanout: options.fanoutPrefix.replaceAll('{db}', String(address.db)),
    fanoutPatterns: options.fanoutPatterns,
  });
  return { keys, options, open: () => Link.open({ address, options, timeoutMs, logger }) };
}

function forgetWhenOver(key: string, shared: Shared): void {
  const forget = (): void => {
    if (links.get(key) === shared) links.delete(key);
  };
  void shared.opening.then((link) => link.closed).then(forget, forget); // never rejects
}
