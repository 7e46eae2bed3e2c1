/**
 * Several workers at once, in the background:
 *
 *     import { Cluster, createFleet } from '@tq/multi';
 *
 *     const cluster = new Cluster(createFleet(['w1', 'w2'], { app: 'proj', options: { concurrency: 2 } }));
 *     await cluster.start();
 *     await cluster.stopwait({ timeoutMs: 60_000 });
 */
export { Cluster } from './cluster.ts';
export type { ClusterOptions, StopOptions, WaitOptions } from './cluster.ts';
export { createFleet } from './create-fleet.ts';
export type { FleetDescription, WorkerOption, WorkerOptions } from './create-fleet.ts';
export { CantCreate, MultiUsageError } from './errors.ts';
export type { ClusterEvent, RunningNode, Started, StopOutcome, Stopped } from './events.ts';
export { readFleet } from './fleet.ts';
export type { Fleet, FleetOptions } from './fleet.ts';
export type { Node } from './node.ts';
export type { NodeName } from './names.ts';
export type { KnownOption, OptionTable } from './option-table.ts';
export type { StartOutcome } from './start-node.ts';
export { COMMAND_NAMES, MultiTool } from './tool.ts';
export type { MultiToolOptions } from './tool.ts';
export { COLOURS, PLAIN, transcript } from './transcript.ts';
export type { Paint } from './transcript.ts';
export { USAGE } from './usage.ts';
