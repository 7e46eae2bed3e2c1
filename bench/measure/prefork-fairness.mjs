// Whether a slow task holds up fast ones that stand right behind it, while another slot is free.
import { ask } from '../programs.mjs';

const FAST = '200';
const BLOCK_MS = '500';

/** @type {import('../harness.mjs').Measurement} */
export default {
  name: 'prefork-fairness',
  title: `A job blocks its child for ${BLOCK_MS} ms, with ${FAST} fast ones of the same task behind it; two children`,
  unit: 'ms',
  rounds: 5,
  seconds: 10,
  subjects: [
    {
      name: 'tq prefork, size 2',
      async run() {
        const { slowMs, fastMs } = await ask(['pool.mjs', 'fairness', FAST, BLOCK_MS]);
        return { 'the slow job': slowMs, 'longest wait of a fast one': fastMs };
      },
    },
  ],
  goals: [
    {
      row: 'tq prefork, size 2, longest wait of a fast one',
      is: 'at most',
      factor: 0.2,
      against: 'tq prefork, size 2, the slow job',
    },
  ],
  note: 'A fast job that waited for the slow one would have waited as long as it.',
};
