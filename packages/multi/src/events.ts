import type { Node } from './node.ts';
import type { StartOutcome } from './start-node.ts';

/** A node whose worker was found by its pid file. */
export interface RunningNode {
  readonly node: Node;
  readonly pid: number;
}

/** What a cluster tells while it works, in the order of a transcript. */
export type ClusterEvent =
  | { readonly kind: 'starting'; readonly node: Node; readonly again: boolean }
  | { readonly kind: 'started'; readonly node: Node; readonly outcome: StartOutcome }
  | { readonly kind: 'stopping'; readonly nodes: readonly RunningNode[] }
  | { readonly kind: 'signalled'; readonly node: Node; readonly pid: number; readonly signal: NodeJS.Signals }
  | { readonly kind: 'killing'; readonly node: Node; readonly pid: number }
  /** It went away, or belongs to another user. */
  | { readonly kind: 'deaf'; readonly node: Node; readonly pid: number; readonly why: 'gone' | 'forbidden' }
  /** No worker of that name runs here; `stale` is the id that its pid file still held. */
  | { readonly kind: 'down'; readonly node: Node; readonly stale: number | undefined }
  | { readonly kind: 'waiting'; readonly nodes: readonly RunningNode[] }
  /** Every second of waiting. */
  | { readonly kind: 'still waiting' }
  | { readonly kind: 'stopped'; readonly node: Node; readonly pid: number }
  | { readonly kind: 'gave up'; readonly nodes: readonly RunningNode[]; readonly afterMs: number };

/** What became of stopping a node. */
export type StopOutcome =
  | { readonly kind: 'down' }
  | { readonly kind: 'signalled'; readonly pid: number }
  | { readonly kind: 'stopped'; readonly pid: number }
  | { readonly kind: 'running'; readonly pid: number }
  /** Its process belongs to another user. */
  | { readonly kind: 'forbidden'; readonly pid: number };

export interface Started {
  readonly node: Node;
  readonly outcome: StartOutcome;
}

export interface Stopped {
  readonly node: Node;
  readonly outcome: StopOutcome;
}
