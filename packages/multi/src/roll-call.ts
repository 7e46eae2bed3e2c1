import type { ClusterEvent, RunningNode, Stopped } from './events.ts';
import type { Node } from './node.ts';
import { dropStalePidFile, readPidFile } from './pid-file.ts';
import { identify } from './worker-process.ts';

export type Tell = (event: ClusterEvent) => void;

/** Whether a process is the worker of a node, and not another program that has its id by now. */
export function isWorkerOf({ name, likeness }: Node, pid: number): boolean {
  return identify(pid, { name, command: likeness }) === 'worker';
}

/** The process of a node's worker; undefined when none runs. */
export function pidOf(node: Node): number | undefined {
  const pid = readPidFile(node.pidFile);
  return pid !== undefined && isWorkerOf(node, pid) ? pid : undefined;
}

/** Those that run, and those that don't: what these have left behind is removed. `onDown` is told what their pid files held. */
export function callRoll(
  nodes: readonly Node[],
  onDown: (node: Node, stale: number | undefined) => void,
): { readonly running: readonly RunningNode[]; readonly down: readonly Stopped[] } {
  const running: RunningNode[] = [];
  const down: Stopped[] = [];
  for (const node of nodes) {
    const pid = pidOf(node);
    if (pid !== undefined) {
      running.push({ node, pid });
      continue;
    }
    onDown(node, readPidFile(node.pidFile));
    dropStalePidFile(node.pidFile, node.name);
    down.push({ node, outcome: { kind: 'down' } });
  }
  return { running, down };
}

export function sendSignal({ node, pid }: RunningNode, signal: NodeJS.Signals, tell: Tell): Stopped {
  try {
    process.kill(pid, signal);
    return { node, outcome: { kind: 'signalled', pid } };
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'ESRCH' ? 'gone' : 'forbidden';
    tell({ kind: 'deaf', node, pid, why });
    return { node, outcome: { kind: why === 'gone' ? 'stopped' : 'forbidden', pid } };
  }
}
