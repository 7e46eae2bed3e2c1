// A network that swallows everything and tells nobody: no end of a connection is ever seen. And results that are awaited
// while their server dies.
import { createApp } from '@tq/core';
import { eventually, serviceUrl, startRedis, TcpProxy, uniqueName } from '@tq/testkit';
import { Ledger } from './support/ledger.ts';
import { Workplace } from './support/worker-process.ts';

/** How soon either side must notice that nobody answers any more. */
const NOTICED_MS = 16_000;
/** From the moment at which the network works again. */
const RECOVERY_MS = 5000;
const OUTAGES = Number(process.env['TQ_TEST_OUTAGES'] ?? 2);

describe.each(['redis', 'amqp'] as const)('on %s, behind a line that goes dead', (service) => {
  test('worker and client notice in bounded time, go on when it works again, and lose nothing', async () => {
    const queue = uniqueName('silence');
    await using proxy = await TcpProxy.open(Number(serviceUrl(service).port));
    const url = proxy.through(serviceUrl(service)).href;
    using place = new Workplace({
      fixture: 'outage',
      broker: url,
      env: { TQ_RESULT_BACKEND: undefined, TRANSPORT_OPTIONS: service === 'redis' ? '{"lease":2}' : '{}' },
    });
    const worker = await place.worker('-P', 'threads', '-c', '2', '-Q', queue).ready();
    const app = createApp('client', { broker: url });
    const direct = createApp('direct', { broker: serviceUrl(service).href });
    const ledger = new Ledger(place.ledgerFile);
    const confirmed: string[] = [];
    const call = async (by: typeof app, words: string): Promise<void> => {
      await by.sendTask('outage.note', [words], { queue, ignoreResult: true });
      confirmed.push(words);
    };
    try {
      await call(app, 'before');
      await eventually(() => ledger.runs().has('before'), { timeoutMs: 10_000 });

      const deadMs = Date.now();
      proxy.blackHole();
      // The client's call ends by its time-out, neither hanging nor lying.
      await expect(call(app, 'into the dark')).rejects.toMatchObject({
        code: expect.stringMatching(/^TQ_(PUBLISH|BROKER_UNAVAILABLE)$/) as string,
      });
      expect(Date.now() - deadMs).toBeLessThan(8000);
      await call(direct, 'meanwhile');
      await worker.says('Connection to broker lost', NOTICED_MS);
      const noticedMs = Date.now() - deadMs;

      proxy.heal();
      const healedMs = Date.now();
      await eventually(
        async () => {
          await call(app, `after ${confirmed.length}`);
          return [...ledger.runs().keys()].some((words) => words.startsWith('after'));
        },
        { timeoutMs: 15_000, everyMs: 100 },
      );
      const recoveredMs = Date.now() - healedMs;
      await eventually(() => confirmed.every((words) => ledger.runs().has(words)), {
        timeoutMs: 20_000,
        what: 'everything confirmed',
      });
      if (process.env['TQ_TEST_OUTAGES'] !== undefined)
        process.stdout.write(`${service}: noticed after ${noticedMs} ms, recovered in ${recoveredMs} ms\n`);
      expect(recoveredMs).toBeLessThan(RECOVERY_MS);
      expect(worker.output).not.toMatch(/unhandled|uncaught/i);
    } finally {
      await Promise.all([app.close(), direct.close()]);
    }
  }, 90_000);
});

test(
  `results arrive although their Redis dies ${OUTAGES} times while they are awaited`,
  async () => {
    const queue = uniqueName('awaited');
    const broker = serviceUrl('amqp').href;
    await using server = await startRedis({ persistent: true, config: ['--appendfsync', 'always'] });
    using place = new Workplace({ fixture: 'outage', broker, backend: server.url.href });
    const worker = await place.worker('-P', 'threads', '-c', '2', '-Q', queue).ready();
    const app = createApp('client', { broker, backend: server.url.href });
    try {
      // Whoever can't reach it to begin with is told so; these have.
      expect(await app.sendTask('outage.echo', ['hello'], { queue }).get({ timeout: 20 })).toBe('hello');
      const awaited: Promise<number>[] = [];
      for (let turn = 0; turn < OUTAGES; turn++) {
        for (let n = 0; n < 50; n++) {
          const value = turn * 50 + n;
          const sent = app.sendTask<number>('outage.echo', [value], { queue });
          awaited.push(sent.get({ timeout: 60 }));
        }
        await new Promise((resolve) => setTimeout(resolve, 20 * (turn % 4)));
        await server.kill();
        await new Promise((resolve) => setTimeout(resolve, [100, 1000, 2000][turn % 3]));
        await server.start();
      }
      expect(await Promise.all(awaited)).toEqual(awaited.map((_, index) => index));
      expect(worker.output).not.toMatch(/unhandled|uncaught/i);
    } finally {
      await app.close();
    }
  },
  120_000 + OUTAGES * 5000,
);
