// A process of its own on a queue file, told what to do by the test that forked it. Uses the built package.
import { sqlite, sqliteBackend } from '@tq/sqlite';
import { silentLogger, systemClock } from '@tq/core';
import { openStore } from '../dist/store.js';

const held = new Map();
const heard = [];
let store;
let backend;
let connection;

const connectOptions = (options) => ({
  logger: silentLogger,
  clock: systemClock,
  options,
  timeoutMs: 10_000,
});
const entryOf = (queue) => (text) => ({
  queue,
  envelope: {
    message: { body: Buffer.from(text), headers: {}, properties: {} },
    exchange: '',
    routingKey: queue,
  },
});

const verbs = {
  async open(url, options = {}) {
    store = await openStore(new URL(url), connectOptions(options));
    void store.closed.then((reason) => process.send({ closed: reason?.message ?? null }));
  },
  async openBackend(url) {
    backend = await sqliteBackend.connect(new URL(url), { ...connectOptions({}), expiresMs: 60_000 });
  },
  async connect(url) {
    connection = await sqlite.connect(new URL(url), connectOptions({}));
  },
  put: (queue, texts, size = 0) => store.put(texts.map((text) => entryOf(queue)(text.padEnd(size)))),
  async take(queue, max, timeoutMs) {
    const taken = await store.take([queue], { max, signal: AbortSignal.timeout(timeoutMs) });
    for (const each of taken) held.set(each.tag, each);
    return taken.map(({ deliveries, envelope, redelivered, tag }) => ({
      deliveries,
      redelivered,
      tag,
      text: Buffer.from(envelope.message.body).toString().trimEnd(),
    }));
  },
  settle: (tags, how) => store.settle(tags, how),
  /** Takes and settles until it is killed, and tells after each batch what is done for good. */
  async work(queue, max) {
    for (;;) {
      const taken = await store.take([queue], { max, signal: new AbortController().signal });
      await store.settle(
        taken.map((each) => each.tag),
        'done',
      );
      process.send({
        done: taken.map((each) => Buffer.from(each.envelope.message.body).toString().trimEnd()),
      });
    }
  },
  /** Puts numbered messages until it is killed, and tells after each batch what is kept for good. */
  async feed(queue, prefix, batch) {
    for (let next = 0; ; next += batch) {
      const texts = Array.from({ length: batch }, (_, index) => `${prefix}${next + index}`);
      process.send({ intended: texts });
      await verbs.put(queue, texts);
      process.send({ kept: texts });
    }
  },
  /** Renews as a worker does. */
  renew() {
    setInterval(() => void store.renew([...held.keys()]), store.leaseMs / 3);
  },
  /** Computes without a break. */
  block(ms) {
    const end = performance.now() + ms;
    while (performance.now() < end);
  },
  listen: (exchange) =>
    store.listen(exchange, '#', (envelope) => heard.push(Buffer.from(envelope.message.body).toString())),
  heard: () => heard,
  async result(taskId) {
    for await (const meta of backend.watch(taskId, { signal: new AbortController().signal })) return meta;
  },
  storeResult: (meta) => backend.store(meta, {}),
  async cpu(ms) {
    const before = process.cpuUsage();
    await new Promise((resolve) => {
      setTimeout(resolve, ms);
    });
    const { system, user } = process.cpuUsage(before);
    return (system + user) / 1000;
  },
  async close() {
    await store?.[Symbol.asyncDispose]();
    await backend?.[Symbol.asyncDispose]();
    await connection?.close();
  },
  /** Nothing but what the package itself keeps running may hold the process from here on. */
  letGo: () => setImmediate(() => process.disconnect()),
};

async function answer([id, verb, args]) {
  try {
    const value = await verbs[verb](...args);
    if (process.connected) process.send({ id, value: verb === 'listen' ? undefined : value });
  } catch (error) {
    process.send({ id, error: { name: error.name, code: error.code, message: error.message } });
  }
}

process.on('message', (request) => void answer(request));
process.send({ ready: true });
