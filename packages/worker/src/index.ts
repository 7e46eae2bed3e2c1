export { createWorker, Worker } from './worker.ts';
export type { Ending, WorkerDescription } from './worker.ts';
export type { WorkerOptions, WorkerPlan } from './options.ts';
export { handleSignals } from './shutdown.ts';
export { DEATH_HEADER } from './execute/dead-letters.ts';
