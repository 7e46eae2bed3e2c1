import { textOf } from './parts.ts';
import type { Handler } from './parts.ts';

/** Ids in one answer, at most: a fleet of hundreds must not send each newcomer megabytes each. */
export const MOST_IDS = 1000;

/**
 * A worker has started, or (with `leaving`) is about to end. It gets what it doesn't know. With `brief`, tq's own, only how
 * many revoked ids there are: it then asks one node for them. Spec: control.md 8.
 */
export const hello: Handler = ({ app, hostname, revoked, neighbours, logger }, args) => {
  const from = textOf(args['from_node']);
  if (from === hostname) return null;
  logger.debug(`mingle: ${from} says ${args['leaving'] === true ? 'goodbye' : 'hello'}`);
  if (args['leaving'] === true) {
    neighbours.left(from);
    return null;
  }
  if (from !== '') neighbours.seen(from);
  const theirs = args['revoked'];
  revoked.merge(theirs);
  const without = typeof theirs === 'object' && theirs !== null ? (theirs as Record<string, unknown>) : {};
  const isBrief = args['brief'] === true;
  return {
    revoked: isBrief ? {} : revoked.toWire(args['all'] === true ? Infinity : MOST_IDS, without),
    clock: app.lamport.forward(),
    ...(isBrief ? { revoked_count: revoked.size } : {}),
  };
};
