import { prefork, threads, asyncPool, solo } from '@tq/pool';
import { systemClock, silentLogger } from '@tq/core';
const kind = process.argv[2],
  size = +process.argv[3] || 1,
  N = +process.argv[4] || 300000,
  W = +process.argv[5] || 400;
const host = {
  entry: 'file:///work/main/packages/pool/noop-tmp.mjs',
  init: {},
  handler: async () => async () => ({ kind: 'succeeded', result: 'null', runtimeMs: 0 }),
  logger: silentLogger,
  clock: systemClock,
  size: 1,
  startTimeoutMs: 5000,
  onFatal: console.log,
  onLog: console.log,
};
const pool = { prefork, threads, async: asyncPool, solo }[kind]({ size }).create(host);
await pool.start();
const payload = {
  id: 'x'.repeat(36),
  task: 'proj.tasks.add',
  body: '[[2,2],{},{"callbacks":null}]',
  headers: { lang: 'py', retries: 0, origin: 'gen@host', root: 'y'.repeat(36) },
};
let sent = 0,
  done = 0;
const t0 = performance.now();
let mark;
await new Promise((resolve) => {
  const watch = {
    accepted() {},
    done(o) {
      if (o.kind !== 'succeeded') console.log(o);
      done++;
      if (done === 20000) mark = [performance.now(), done];
      if (sent < N) go();
      else if (done === N) resolve();
    },
  };
  const go = () => pool.run({ id: String(sent++), task: 'noop', payload }, watch);
  for (let i = 0; i < W; i++) go();
});
console.log(
  kind,
  size,
  Math.round(((N - mark[1]) / (performance.now() - mark[0])) * 1000),
  '/s',
  'parent cpu',
  Math.round(process.cpuUsage().user / 1000 + process.cpuUsage().system / 1000),
  'ms of',
  Math.round(performance.now() - t0),
  'rss',
  Math.round(process.memoryUsage.rss() / 1e6),
);
await pool.close({ graceMs: 1000 });
