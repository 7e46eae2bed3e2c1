import { prefork, threads, asyncPool, solo } from '@tq/pool';
import { systemClock } from '@tq/core';
import { handler } from '/work/main/packages/pool/test/fixtures/handler.mjs';
const log = (l) => (m, f) => console.log(l, m, f ?? '');
const logger = {
  debug: log('D'),
  info: log('I'),
  warn: log('W'),
  error: log('E'),
  child() {
    return this;
  },
};
const host = {
  entry: 'file:///work/main/packages/pool/test/fixtures/entry.mjs',
  init: { a: 1 },
  handler: async () => handler,
  logger,
  clock: systemClock,
  size: 2,
  startTimeoutMs: 5000,
  onFatal: log('FATAL'),
  onLog: (l) => console.log('LOG', l),
};
for (const f of [prefork(), threads(), asyncPool({ size: 4 }), solo()]) {
  const pool = f.create(host);
  const t = performance.now();
  await pool.start();
  console.log(f.traits, pool.size, 'started', Math.round(performance.now() - t));
  const run = (payload, extra = {}) =>
    new Promise((resolve) =>
      pool.run(
        { id: String(Math.random()), task: 't.' + payload.do, payload, ...extra },
        { accepted() {}, done: resolve },
      ),
    );
  console.log(
    await Promise.all([
      run({ do: 'echo', value: 5 }),
      run({ do: 'pid' }),
      run({ do: 'host' }),
      run({ do: 'log', value: 'hi' }),
      run({ do: 'print', value: 'printed' }),
    ]),
  );
  console.log(await run({ do: 'obey' }, { softTimeLimitMs: 100 }));
  if (f.traits.killable)
    console.log(
      await run({ do: 'spin', ms: 1000 }, { timeLimitMs: 100 }),
      await run({ do: 'hang' }, { timeLimitMs: 100 }),
    );
  console.log(pool.stats());
  await pool.close({ graceMs: 1000 });
  console.log('closed', pool.stats());
}
