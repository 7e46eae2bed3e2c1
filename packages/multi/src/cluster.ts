import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterEvent, RunningNode, Started, StopOutcome, Stopped } from './events.ts';
import type { Node } from './node.ts';
import { dropStalePidFile, readPidFile } from './pid-file.ts';
import { prepareFolders } from './prepare.ts';
import { startNode } from './start-node.ts';
import type { StartOutcome } from './start-node.ts';
import { Turns } from './turns.ts';
import { identify } from './worker-process.ts';

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

const LOOK_EVERY_MS = 100;
const TELL_EVERY_MS = 1000;
/** What KILL may take until a process is gone. */
const KILLED_WITHIN_MS = 5000;

/** Workers that are started and stopped together. It keeps nothing: nodes are found by their pid files each time. */
export class Cluster {
  readonly nodes: readonly Node[];
  readonly #tell: (event: ClusterEvent) => void;
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
    const pid = readPidFile(node.pidFile);
    return pid !== undefined && this.#runs(node, pid) ? pid : undefined;
  }

  /** Starts every node. @throws CantCreate for a folder that can't be had, before anything is started */
  async start(options: { readonly abort?: AbortSignal } = {}): Promise<readonly Started[]> {
    prepareFolders(this.nodes);
    const turns = new Turns(this.#width);
    return this.#tellStarts(
      this.nodes.map((node) => this.#begin(node, turns, options)),
      { again: false },
    );
  }

  /** Signals every node, and waits for none. */
  async stop(options: StopOptions = {}): Promise<readonly Stopped[]> {
    const { down, reached } = this.#signalAll(options);
    return [...down, ...reached];
  }

  /** Signals every node, and waits until their workers are gone, by default until they have finished their tasks. */
  async stopwait(options: WaitOptions = {}): Promise<readonly Stopped[]> {
    const { down, reached } = this.#signalAll(options);
    return [...down, ...(await this.#waitFor(reached, options))];
  }

  /** Stops every node and starts each again once it is down. What doesn't stop in time isn't started. */
  async restart(
    options: WaitOptions = {},
  ): Promise<{ readonly started: readonly Started[]; readonly stopped: readonly Stopped[] }> {
    prepareFolders(this.nodes);
    const turns = new Turns(this.#width);
    const starts: Starting[] = [];
    const begin = (node: Node): void => void starts.push(this.#begin(node, turns, options));
    const { down, reached } = this.#signalAll(options, { quietly: true });
    for (const { node, outcome } of [...down, ...reached])
      if (outcome.kind === 'down' || outcome.kind === 'stopped') begin(node);
    const stopped = await this.#waitFor(reached, options, begin);
    return { stopped: [...down, ...stopped], started: await this.#tellStarts(starts, { again: true }) };
  }

  /** Ends every node at once: running tasks are lost, or come back to their queue when the broker notices. */
  async kill(): Promise<readonly Stopped[]> {
    const { down, running } = this.#find();
    this.#tellDown(down);
    const reached = running.map(({ node, pid }) => {
      this.#tell({ kind: 'killing', node, pid });
      return this.#signal(node, pid, 'SIGKILL');
    });
    const killed = reached.filter(({ outcome }) => outcome.kind === 'signalled');
    await this.#whileAny(
      running.filter(({ node }) => killed.some((one) => one.node === node)),
      {
        timeoutMs: KILLED_WITHIN_MS,
        onStopped: () => undefined,
        onTick: () => undefined,
      },
    );
    return [...down.map(({ node }) => ({ node, outcome: { kind: 'down' } as const })), ...reached];
  }

  #begin(node: Node, turns: Turns, { abort }: { readonly abort?: AbortSignal | undefined }): Starting {
    return { node, outcome: turns.run(() => startNode(node, { ...this.#place, abort })) };
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

  #runs(node: Node, pid: number): boolean {
    return identify(pid, { name: node.name, command: node.likeness }) === 'worker';
  }

  #find(): { readonly running: readonly RunningNode[]; readonly down: readonly DownNode[] } {
    const running: RunningNode[] = [];
    const down: DownNode[] = [];
    for (const node of this.nodes) {
      const pid = readPidFile(node.pidFile);
      if (pid !== undefined && this.#runs(node, pid)) running.push({ node, pid });
      else down.push({ node, stale: pid });
    }
    return { running, down };
  }

  #tellDown(down: readonly DownNode[]): void {
    for (const { node, stale } of down) {
      this.#tell({ kind: 'down', node, stale });
      dropStalePidFile(node.pidFile, node.name);
    }
  }

  #signalAll(
    { signal = 'SIGTERM' }: StopOptions,
    { quietly = false }: { readonly quietly?: boolean } = {},
  ): { readonly down: readonly Stopped[]; readonly reached: readonly Stopped[] } {
    const { down, running } = this.#find();
    if (!quietly) this.#tellDown(down);
    if (running.length > 0) this.#tell({ kind: 'stopping', nodes: running });
    return {
      down: down.map(({ node }) => ({ node, outcome: { kind: 'down' } })),
      reached: running.map(({ node, pid }) => {
        this.#tell({ kind: 'signalled', node, pid, signal });
        return this.#signal(node, pid, signal);
      }),
    };
  }

  #signal(node: Node, pid: number, signal: NodeJS.Signals): Stopped {
    try {
      process.kill(pid, signal);
      return { node, outcome: { kind: 'signalled', pid } };
    } catch (error) {
      const why = (error as NodeJS.ErrnoException).code === 'ESRCH' ? 'gone' : 'forbidden';
      this.#tell({ kind: 'deaf', node, pid, why });
      return { node, outcome: why === 'gone' ? { kind: 'stopped', pid } : { kind: 'forbidden', pid } };
    }
  }

  /** Waits for those that were signalled, telling of each that goes. */
  async #waitFor(
    reached: readonly Stopped[],
    options: WaitOptions,
    onStopped: (node: Node) => void = () => undefined,
  ): Promise<readonly Stopped[]> {
    const outcomes = new Map<Node, StopOutcome>(reached.map(({ node, outcome }) => [node, outcome]));
    const running = reached.flatMap(({ node, outcome }) =>
      outcome.kind === 'signalled' ? [{ node, pid: outcome.pid }] : [],
    );
    if (running.length > 0) this.#tell({ kind: 'waiting', nodes: running });
    const left = await this.#whileAny(running, {
      timeoutMs: options.timeoutMs,
      abort: options.abort,
      onTick: () => this.#tell({ kind: 'still waiting' }),
      onStopped: ({ node, pid }, others) => {
        outcomes.set(node, { kind: 'stopped', pid });
        this.#tell({ kind: 'stopped', node, pid });
        onStopped(node);
        if (others.length > 0) this.#tell({ kind: 'waiting', nodes: others });
      },
    });
    for (const { node, pid } of left) outcomes.set(node, { kind: 'running', pid });
    return [...outcomes].map(([node, outcome]) => ({ node, outcome }));
  }

  /** Looks until all are gone, or time is up; resolves with those that are not. */
  async #whileAny(running: readonly RunningNode[], watch: Watch): Promise<readonly RunningNode[]> {
    const beganMs = performance.now();
    let toldMs = beganMs;
    let left = running;
    while (left.length > 0) {
      for (const one of left.filter(({ node, pid }) => !this.#runs(node, pid))) {
        left = left.filter((other) => other !== one);
        dropStalePidFile(one.node.pidFile, one.node.name);
        watch.onStopped(one, left);
      }
      const nowMs = performance.now();
      if (left.length === 0) break;
      if (nowMs - beganMs >= (watch.timeoutMs ?? Infinity) || watch.abort?.aborted) {
        this.#tell({ kind: 'gave up', nodes: left, afterMs: nowMs - beganMs });
        break;
      }
      if (nowMs - toldMs >= TELL_EVERY_MS) {
        toldMs = nowMs;
        watch.onTick();
      }
      await sleep(LOOK_EVERY_MS);
    }
    return left;
  }
}

interface Starting {
  readonly node: Node;
  readonly outcome: Promise<StartOutcome>;
}

interface DownNode {
  readonly node: Node;
  /** What its pid file holds all the same. */
  readonly stale: number | undefined;
}

interface Watch {
  readonly timeoutMs?: number | undefined;
  readonly abort?: AbortSignal | undefined;
  readonly onStopped: (one: RunningNode, others: readonly RunningNode[]) => void;
  readonly onTick: () => void;
}
