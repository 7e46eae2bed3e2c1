// What it costs to ask the program for its help.
import { TQ, tqMissing } from '../tq-program.mjs';
import { lifetime } from '../programs.mjs';

/** @type {import('../harness.mjs').Measurement} */
export default {
  name: 'help',
  title: 'Time of `tq --help`, from start to exit',
  unit: 'ms',
  rounds: 15,
  seconds: 10,
  warmUps: 2,
  subjects: [
    { name: 'node -e 0', run: () => lifetime(['-e', '0']) },
    { name: 'tq --help', missing: tqMissing, run: () => lifetime([TQ, '--help']) },
  ],
  goals: [{ row: 'tq --help', is: 'at most', factor: 1.5, against: 'node -e 0', plus: 40 }],
};
