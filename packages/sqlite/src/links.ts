import type { Location } from './location.ts';
import { Link } from './link.ts';

/** A connection's share of a thread. */
export interface Share {
  readonly link: Link;
  /** Tells connections of one thread apart. */
  readonly connection: number;
  /** The last one to leave ends the thread. Settles always. */
  release(): Promise<void>;
}

interface Shared {
  readonly link: Link;
  users: number;
  connections: number;
}

/**
 * One thread a file, however many connections this process has to it: state of the process, since what it guards
 * against is another thread of the same process.
 */
const shared = new Map<string, Shared>();

/** Joins the thread of this file, or starts one. Rejects when the file can't be used. */
export async function shareLink(location: Location, timeoutMs: number): Promise<Share> {
  const { leaseMs: _, ...settings } = location;
  const key = JSON.stringify(settings);
  const running = shared.get(key);
  const entry = running && !running.link.over ? running : start(key, new Link({ ...settings, timeoutMs }));
  entry.users += 1;
  entry.connections += 1;
  const share = shareOf(key, entry);
  try {
    await entry.link.opened;
    return share;
  } catch (error) {
    await share.release();
    throw error;
  }
}

function start(key: string, link: Link): Shared {
  const entry = { link, users: 0, connections: 0 };
  shared.set(key, entry);
  void link.closed.then(() => forget(key, entry)); // never rejects
  return entry;
}

function shareOf(key: string, entry: Shared): Share {
  let released: Promise<void> | undefined;
  const release = async (): Promise<void> => {
    entry.users -= 1;
    if (entry.users > 0) return;
    forget(key, entry);
    await entry.link.end();
  };
  return { link: entry.link, connection: entry.connections, release: () => (released ??= release()) };
}

/** A thread that has ended, or is about to, takes nobody on. */
function forget(key: string, entry: Shared): void {
  if (shared.get(key) === entry) shared.delete(key);
}
