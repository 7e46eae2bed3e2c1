export { followUp, skippedSteps } from './follow-up.ts';
export type { Finished, NextCall } from './follow-up.ts';
