import { availableParallelism } from 'node:os';
import type { ClusterEvent, RunningNode, Started, StopOutcome, Stopped } from './events.ts';
import type { Node } from './node.ts';
import { prepareFolders } from './prepare.ts';
import { callRoll, pidOf, sendSignal } from './roll-call.ts';
import type { Tell } from './roll-call.ts';
import { startNode } from './start-node.ts';
import type { StartOutcome } from './start-node.ts';
import { Turns } from './turns.ts';
import { untilGone } from './until-gone.ts';

export interface ClusterOptions {
  /** Told of everything, in the order of a transcript. */
  readonly onEvent?: (event: ClusterEvent) => void;
  /** Where nodes are started. @default the current folder */
  readonly cwd?: string;
  /** @default that of this process */
  readonly env?: NodeJS.ProcessEnv;
  /** How many start at one time. @default the number of CPUs */
  readonly width?: number;
}

export interface StopOptions {
  /** @default 'SIGTERM' */
  readonly signal?: NodeJS.Signals | undefined;
}

export interface WaitOptions extends StopOptions {
  /** Those that run then are left running. @default as long as it takes */
  readonly timeoutMs?: number | undefined;
  /** Gives up waiting. */
  readonly abort?: AbortSignal | undefined;
}

export interface Restarted {
  readonly stopped: readonly Stopped[];
  readonly started: readonly Started[];
}

/** What KILL may take until a process is gone. */
const KILLED_WITHIN_MS = 5000;

/** Workers that are started and stopped together. It remembers nothing: nodes are found by their pid files each time. */
export class Cluster {
  readonly nodes: readonly Node[];
  readonly #tell: Tell;
  readonly #place: { readonly cwd: string; readonly env: NodeJS.ProcessEnv };
  readonly #width: number;

  constructor(nodes: readonly Node[], options: ClusterOptions = {}) {
    this.nodes = nodes;
    this.#tell = options.onEvent ?? (() => undefined);
    this.#place = { cwd: options.cwd ?? process.cwd(), env: options.env ?? process.env };
    this.#width = options.width ?? availableParallelism();
  }

  /** The process of a node's worker; undefined when none runs. */
  pidOf(node: Node): number | undefined {
    return pidOf(node);
  }

  /** Starts every node. @throws CantCreate for a folder that can't be had, before anything is started */
  async start(options: { readonly abort?: AbortSignal } = {}): Promise<readonly Started[]> {
    prepareFolders(this.nodes);
    const begin = this.#starter(options);
    return this.#tellStarts(this.nodes.map(begin), { again: false });
  }

  /** Signals every node, and waits for none. @throws CantCreate for a pid file that can't be read */
  async stop(options: StopOptions = {}): Promise<readonly Stopped[]> {
    const { down, running } = this.#callRoll();
    return [...down, ...this.#signal(running, options)];
  }

  /** Signals every node, and waits until their workers are gone, by default until they have finished their tasks. */
  async stopwait(options: WaitOptions = {}): Promise<readonly Stopped[]> {
    const { down, running } = this.#callRoll();
    return [...down, ...(await this.#waitFor(this.#signal(running, options), options))];
  }

  /** Stops every node and starts each again as soon as it is down. What doesn't stop in time isn't started. */
  async restart(options: WaitOptions = {}): Promise<Restarted> {
    prepareFolders(this.nodes);
    const begin = this.#starter(options);
    const { down, running } = callRoll(this.nodes, () => undefined);
    const reached = this.#signal(running, options);
    const free = [...down, ...reached.filter(({ outcome }) => outcome.kind === 'stopped')];
    const starts = free.map(({ node }) => begin(node));
    const stopped = await this.#waitFor(reached, options, (node) => starts.push(begin(node)));
    return { stopped: [...down, ...stopped], started: await this.#tellStarts(starts, { again: true }) };
  }

  /** Ends every node at once: running tasks are lost, or come back to their queue when the broker notices. */
  async kill(): Promise<readonly Stopped[]> {
    const { down, running } = this.#callRoll();
    const reached = running.map((one) => {
      this.#tell({ kind: 'killing', ...one });
      return sendSignal(one, 'SIGKILL', this.#tell);
    });
    await untilGone(signalled(reached), { timeoutMs: KILLED_WITHIN_MS });
    return [...down, ...reached];
  }

  #callRoll(): ReturnType<typeof callRoll> {
    return callRoll(this.nodes, (node, stale) => this.#tell({ kind: 'down', node, stale }));
  }

  #signal(running: readonly RunningNode[], { signal = 'SIGTERM' }: StopOptions): readonly Stopped[] {
    if (running.length > 0) this.#tell({ kind: 'stopping', nodes: running });
    return running.map((one) => {
      this.#tell({ kind: 'signalled', ...one, signal });
      return sendSignal(one, signal, this.#tell);
    });
  }

  /** Waits for those that were signalled, telling of each that goes. */
  async #waitFor(
    reached: readonly Stopped[],
    { timeoutMs, abort }: WaitOptions,
    onStopped?: (node: Node) => void,
  ): Promise<readonly Stopped[]> {
    const outcomes = new Map<Node, StopOutcome>(reached.map(({ node, outcome }) => [node, outcome]));
    const running = signalled(reached);
    if (running.length > 0) this.#tell({ kind: 'waiting', nodes: running });
    const left = await untilGone(running, {
      timeoutMs,
      abort,
      onTick: () => this.#tell({ kind: 'still waiting' }),
      onGivingUp: (nodes, afterMs) => this.#tell({ kind: 'gave up', nodes, afterMs }),
      onGone: ({ node, pid }, others) => {
        outcomes.set(node, { kind: 'stopped', pid });
        this.#tell({ kind: 'stopped', node, pid });
        onStopped?.(node);
        if (others.length > 0) this.#tell({ kind: 'waiting', nodes: others });
      },
    });
    for (const { node, pid } of left) outcomes.set(node, { kind: 'running', pid });
    return [...outcomes].map(([node, outcome]) => ({ node, outcome }));
  }

  /** Begins to start nodes as they come, a few at one time. */
  #starter({ abort }: { readonly abort?: AbortSignal | undefined }): (node: Node) => Starting {
    const turns = new Turns(this.#width);
    return (node) => ({ node, outcome: turns.run(() => startNode(node, { ...this.#place, abort })) });
  }

  /** In order, whichever runs first. */
  async #tellStarts(
    starts: readonly Starting[],
    { again }: { readonly again: boolean },
  ): Promise<readonly Started[]> {
    const started: Started[] = [];
    for (const { node, outcome: coming } of starts) {
      this.#tell({ kind: 'starting', node, again });
      const outcome = await coming;
      this.#tell({ kind: 'started', node, outcome });
      started.push({ node, outcome });
    }
    return started;
  }
}

interface Starting {
  readonly node: Node;
  readonly outcome: Promise<StartOutcome>;
}

function signalled(reached: readonly Stopped[]): readonly RunningNode[] {
  return reached.flatMap(({ node, outcome }) =>
    outcome.kind === 'signalled' ? [{ node, pid: outcome.pid }] : [],
  );
}
