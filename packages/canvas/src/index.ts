export { chain, chord, chunks, group, map, starmap } from './build.ts';
export type { First, GivesOfAll, Last, Linked, NeedsOfAll } from './types.ts';
// What core and the worker ask for: `CanvasModule` in @tq/core.
export { abandoned } from './abandon.ts';
export { registerBuiltins } from './builtins.ts';
export { chordError, endOfChord } from './chord-end.ts';
export { afterFailure, afterSuccess } from './follow-up.ts';
export { NOTHING, plan } from './plan.ts';
export { newMember, replacement } from './replace.ts';
