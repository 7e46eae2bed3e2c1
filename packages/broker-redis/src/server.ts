import { BrokerUnavailableError, ImproperlyConfigured } from '@tq/core';
import type { Logger } from '@tq/core';

/** Of the version that RPOP with a count came with. */
const OLDEST = [6, 2] as const;

/** What a server says of itself that matters. */
export interface ServerReport {
  readonly version: string | undefined;
  readonly role: string | undefined;
  readonly loading: boolean;
  readonly policy: string | undefined;
  /** Whether it writes down what it does (AOF); undefined when it doesn't say. */
  readonly journal: boolean | undefined;
}

/** Reads the answer to INFO. */
export function readReport(info: string): ServerReport {
  const field = (name: string): string | undefined =>
    new RegExp(`^${name}:([^\\r\\n]*)`, 'm').exec(info)?.[1]?.trim();
  return {
    version: field('redis_version'),
    role: field('role'),
    loading: field('loading') === '1',
    policy: field('maxmemory_policy'),
    journal: field('aof_enabled') === undefined ? undefined : field('aof_enabled') === '1',
  };
}

/** Refuses a server that can't be worked with, or not yet. */
export function checkServer(
  report: ServerReport,
  where: string,
  { allowEviction, logger }: { readonly allowEviction: boolean; readonly logger: Logger },
): void {
  const { loading, policy, role, version } = report;
  if (loading) throw new BrokerUnavailableError(`Redis at ${where} is still loading its data.`);
  if (role === 'slave' || role === 'replica')
    throw new BrokerUnavailableError(`Redis at ${where} is a replica, which takes no writes.`);
  if (version !== undefined && isTooOld(version))
    throw new ImproperlyConfigured(`Redis at ${where} is ${version}; tq needs ${OLDEST.join('.')} or newer.`);
  if (policy === undefined || policy === '') {
    logger.warn(
      "Redis doesn't say what it does when its memory is full; make sure its maxmemory-policy is noeviction, or it may throw messages away",
    );
  } else if (policy !== 'noeviction' && !allowEviction) {
    throw new ImproperlyConfigured(
      `Redis at ${where} throws keys away when its memory is full (maxmemory-policy ${policy}), and with them messages. ` +
        'Run: redis-cli CONFIG SET maxmemory-policy noeviction, and put it into redis.conf. ' +
        'Where that can not be, set allow_eviction in brokerTransportOptions.',
    );
  }
}

/** Servers of which this process has told that they keep nothing. */
const told = new Set<string>();

/** Tells, once a process, of a server that forgets everything when it stops. */
export async function checkPersistence(
  report: ServerReport,
  where: string,
  { logger, snapshots }: { readonly logger: Logger; readonly snapshots: () => Promise<string | undefined> },
): Promise<void> {
  if (report.journal !== false || told.has(where) || (await snapshots()) !== '') return;
  told.add(where);
  logger.warn(
    `Redis at ${where} keeps nothing on disk: when it stops or crashes, every task that waits or runs is lost. ` +
      'Run: redis-cli CONFIG SET appendonly yes, and put it into redis.conf. ' +
      'Where that is as it should be, set allow_volatile in brokerTransportOptions.',
  );
}

function isTooOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
}
