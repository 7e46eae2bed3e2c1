import type { Broadcasts } from './broadcasts.ts';
import type { Groups } from './groups.ts';
import type { Holders } from './holders.ts';
import type { Keeper } from './keeper.ts';
import type { Messages, PutRow } from './messages.ts';
import type { Results } from './results.ts';
import type { Topology } from './topology.ts';

export interface Tables {
  readonly messages: Messages;
  readonly topology: Topology;
  readonly broadcasts: Broadcasts;
  readonly results: Results;
  readonly groups: Groups;
  readonly holders: Holders;
  readonly keeper: Keeper;
}

export type Operations = ReturnType<typeof createOperations>;

/** What can be asked of the thread by name. Each runs inside the transaction of its turn, unless it only reads. */
export function createOperations(tables: Tables) {
  const { messages, topology, broadcasts, results, groups, holders, keeper } = tables;
  const drop = (queue: string): void => {
    messages.drop(queue);
    topology.drop(queue);
  };
  return {
    detach: (connection: number) => holders.detach(connection),

    put: (rows: readonly PutRow[]) => messages.put(rows),
    done: (ids: string, connection: number) => messages.done(ids, holders.idOf(connection)),
    requeue: (ids: string, connection: number) => messages.requeue(ids, holders.idOf(connection)),
    renew: (ids: string, connection: number, leaseMs: number) =>
      messages.renew(ids, holders.idOf(connection), Date.now() + leaseMs),
    restoreExpired: () => messages.restoreExpired() + keeper.restored(),
    size: (queue: string) => messages.size(queue),
    purge: (queue: string) => messages.purge(queue),

    declare: (queue: string, expiresMs: number | null) => topology.declare(queue, expiresMs),
    use: (queue: string) => topology.use(queue),
    bind: topology.bind.bind(topology),
    bindings: (exchange: string) => topology.bindings(exchange),
    drop,
    anyUnused: () => topology.overdue().length > 0,
    removeUnused: () => {
      const overdue = topology.overdue();
      for (const [queue] of overdue) drop(queue);
      return overdue.filter(([, there]) => there === 1).length;
    },

    broadcast: broadcasts.send.bind(broadcasts),
    listen: (connection: number, exchange: string) => broadcasts.listen(holders.idOf(connection), exchange),
    unlisten: (listener: number) => broadcasts.unlisten(listener),

    keep: results.keep.bind(results),
    load: (taskId: string) => results.load(taskId),
    watch: (taskId: string) => results.watch(taskId),
    unwatch: (taskId: string) => results.unwatch(taskId),
    forget: (taskId: string) => results.forget(taskId),

    saveGroup: groups.save.bind(groups),
    restoreGroup: (id: string) => groups.restore(id),
    forgetGroup: (id: string) => groups.forget(id),
    setChordSize: groups.setSize.bind(groups),
    growChord: groups.grow.bind(groups),
    addChordPart: groups.addPart.bind(groups),
    endChord: groups.end.bind(groups),
  };
}

/** Operations that need no right to write. */
export const READS: ReadonlySet<string> = new Set<keyof Operations>([
  'size',
  'bindings',
  'anyUnused',
  'load',
  'watch',
  'unwatch',
  'restoreGroup',
]);
