// A worker of its own, as far as the store is concerned: takes, and tells before and after it acknowledges, until it is
// killed. Uses the built package.
import { silentLogger, systemClock } from '@tq/core';
import { openStore } from '../dist/store.js';

const [url, options, queue] = process.argv.slice(2);
const store = await openStore(new URL(url), {
  logger: silentLogger,
  clock: systemClock,
  options: JSON.parse(options),
  timeoutMs: 10_000,
});
process.send({ ready: true });
for (;;) {
  const taken = await store.take([queue], { max: 10, signal: new AbortController().signal });
  const texts = taken.map((each) => Buffer.from(each.envelope.message.body).toString());
  process.send({ taken: texts });
  await store.settle(
    taken.map((each) => each.tag),
    'done',
  );
  process.send({ done: texts });
}
