import { ImproperlyConfigured } from '@tq/core';
import { recordRevoked, repr } from '@tq/core/internal';
import type { Held } from '../consume/held.ts';
import { Revoked } from '../revoked.ts';
import { ok } from './parts.ts';
import type { Args, Handler, RemoteParts } from './parts.ts';
import { signalOf } from './signals.ts';

/** Not to run these any more; with `terminate` also not to go on. */
export const revoke: Handler = (parts, args) => {
  const ids = texts(args['task_id']);
  const { revoked, logger } = parts;
  revoked.add(ids);
  record(parts, ids);
  if (args['terminate'] === true) {
    const signal = signalOf(args['signal']);
    const these = none(parts);
    these.add(ids);
    const ended = terminate(parts, these, signal);
    sweep(parts);
    return ok(ended.length > 0 ? `terminate: ${ended.join(', ')}` : 'terminate: tasks unknown');
  }
  logger.info(`Tasks flagged as revoked: ${ids.join(', ')}`);
  sweep(parts);
  return ok(`tasks ${setText(ids)} flagged as revoked`);
};

export const terminateTasks: Handler = (parts, args) => revoke(parts, { ...args, terminate: true });

/** The same for whatever has one of these stamps, now or later. */
export const revokeByStampedHeaders: Handler = (parts, args) => {
  const headers = headersOf(args['headers']);
  const { revoked, logger } = parts;
  revoked.addStamps(headers);
  logger.info(`Headers flagged as revoked: ${JSON.stringify(headers)}`);
  const text = repr(headers);
  if (args['terminate'] !== true) {
    sweep(parts);
    return ok(`headers ${text} flagged as revoked, but not terminated`);
  }
  const these = none(parts);
  these.addStamps(headers);
  const ended = terminate(parts, these, signalOf(args['signal']));
  sweep(parts);
  return ok(ended.length > 0 ? `headers ${text} revoked` : `headers ${text} were not terminated`);
};

function none({ app }: RemoteParts): Revoked {
  return new Revoked({ clock: app.clock, most: Infinity, expiresMs: Infinity });
}

/** Ends those that run here; returns their ids. */
function terminate(
  { executor, logger }: RemoteParts,
  these: Revoked,
  signal: ReturnType<typeof signalOf>,
): readonly string[] {
  const found = [...executor.held].filter(({ request }) => these.has(request));
  for (const held of found) {
    logger.info(`Terminating ${held.request.id} (${signal.number})`);
    executor.terminate(held, signal);
  }
  return found.map(({ request }) => request.id);
}

/** What waits here goes at once, rather than when its turn comes. */
function sweep({ executor, consumer, revoked }: RemoteParts): void {
  const unwanted = ({ request }: Held): boolean => revoked.has(request);
  consumer()?.dropUnwanted(unwanted);
  executor.withdraw(unwanted);
}

/** Whoever waits for them is told now. */
function record({ results, settler, app }: RemoteParts, ids: readonly string[]): void {
  const { backend } = results;
  if (backend) settler.beside(recordRevoked(backend, ids, app.clock.now()));
}

function texts(given: unknown): readonly string[] {
  const list = Array.isArray(given) ? given : given === null || given === undefined ? [] : [given];
  return [...new Set(list.map(String))];
}

/** `{ name: value }`, or texts such as `name=value`. @throws ImproperlyConfigured */
function headersOf(given: unknown): Args {
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) return given as Args;
  const headers: Record<string, string[]> = {};
  for (const text of texts(given)) {
    const at = text.indexOf('=');
    if (at < 1)
      throw new ImproperlyConfigured(`A stamp is given as name=value, not ${JSON.stringify(text)}.`);
    (headers[text.slice(0, at)] ??= []).push(text.slice(at + 1));
  }
  return headers;
}

/** As Python prints a set. */
function setText(ids: readonly string[]): string {
  return ids.length === 0 ? 'set()' : `{${ids.map((id) => repr(id)).join(', ')}}`;
}
