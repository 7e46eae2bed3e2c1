// A prefork pool without a worker around it.
//   node pool.mjs throughput <count>       no-op jobs through one child; prints how long they took
//   node pool.mjs fairness <fast> <block>  a job that blocks for so many ms, in front of many fast ones, among two
//                                          children; prints how long the fast ones waited
import { silentLogger, systemClock } from '@tq/core';
import { prefork } from '@tq/pool';

/** What a worker keeps in its pool for each slot when tasks are short. */
const WINDOW = 257;
const PAYLOAD = {
  request: { id: '0b8d1a8e-6c1c-4d0e-9d0e-6a3a0f8d1a8e', task: 'bench.noop' },
  body: '[[1],{},{}]',
};

let lastId = 0;

const [job, ...numbers] = process.argv.slice(2);
const pool = prefork({ size: job === 'throughput' ? 1 : 2 }).create({
  entry: new URL('pool-child.mjs', import.meta.url).href,
  init: null,
  handler: () => Promise.reject(new Error('prefork runs nothing here')),
  logger: silentLogger,
  clock: systemClock,
  size: 1,
  startTimeoutMs: 20_000,
  onFatal: (error) => {
    throw error;
  },
  onLog: ({ message }) => console.error(message),
});
await pool.start();
const result = await { throughput, fairness }[job](...numbers.map(Number));
console.log(JSON.stringify(result));
await pool.close({ graceMs: 1000 });

async function throughput(count) {
  await through(5000); // the pool must know that they are short, and V8 the code
  const startMs = performance.now();
  await through(count);
  return { count, ms: performance.now() - startMs };
}

/** A blocking job of the same name as the fast ones, so that the pool cannot know, with fast ones right behind it. */
async function fairness(fast, blockMs) {
  await through(5000);
  const slow = run({ ...PAYLOAD, blockMs });
  const waits = await Promise.all(Array.from({ length: fast }, () => run(PAYLOAD)));
  return { slowMs: await slow, fastMs: Math.max(...waits) };
}

/** So many no-op jobs, a window of them in the pool at any time. */
function through(count) {
  return new Promise((resolve, reject) => {
    let [given, done] = [0, 0];
    const watch = {
      accepted() {},
      done(outcome) {
        if (outcome.kind !== 'succeeded') return reject(new Error(`A job ended as ${outcome.kind}`));
        if (++done === count) resolve();
        else if (given < count) give();
      },
    };
    const give = () => pool.run({ id: String(given++), task: 'bench.noop', payload: PAYLOAD }, watch);
    while (given < Math.min(count, WINDOW)) give();
  });
}

/** Milliseconds from giving a job to the pool to its end. */
function run(payload) {
  const startMs = performance.now();
  return new Promise((resolve) => {
    const watch = { accepted() {}, done: () => resolve(performance.now() - startMs) };
    pool.run({ id: `single-${++lastId}`, task: 'bench.noop', payload }, watch);
  });
}
