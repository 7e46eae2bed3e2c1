// Work-flows that nobody thought of: generated, run by real workers, compared with what was foretold for them.
// TQ_TEST_CANVASES says how many (10000 for the whole proof) and TQ_TEST_SEED where to begin. One that differs is told with its
// own seed: TQ_TEST_SEED=<it> TQ_TEST_CANVASES=1 makes it again. TQ_TEST_CANVASES_AT_ONCE: how many are on their way.
import { createApp } from '@tq/core';
import { eventually, serviceUrl, uniqueName } from '@tq/testkit';
import { Builder } from '../flows/build.ts';
import type { Canvas } from '../flows/flow.ts';
import { foretell } from '../flows/foretell.ts';
import { generate } from '../flows/generate.ts';
import { differences, revokedIds } from '../flows/run.ts';
import type { Difference } from '../flows/run.ts';
import { Workplace } from './support/worker-process.ts';

const { TQ_TEST_CANVASES, TQ_TEST_SEED, TQ_TEST_CANVASES_AT_ONCE } = process.env;
const SEED = Number(TQ_TEST_SEED ?? 1);

interface Service {
  readonly urls: () => { readonly broker?: string; readonly backend?: string };
  /** How many where nobody says it. */
  readonly sample: number;
  readonly atOnce: number;
  /** In which a work-flow must have ended, however busy the machine is. */
  readonly boundMs: number;
}

const SERVICES: Readonly<Record<string, Service>> = {
  redis: {
    urls: () => ({ broker: serviceUrl('redis').href, backend: serviceUrl('redis').href }),
    sample: 150,
    atOnce: 40,
    boundMs: 60_000,
  },
  // Every chord makes a few queues, for which RabbitMQ takes its time.
  rpc: {
    urls: () => ({ broker: serviceUrl('amqp').href, backend: 'rpc://' }),
    sample: 30,
    atOnce: 10,
    boundMs: 120_000,
  },
  // In a file of the workplace's own.
  sqlite: { urls: () => ({}), sample: 150, atOnce: 40, boundMs: 60_000 },
};

describe.each(Object.entries(SERVICES))('on %s', (_, { urls, sample, atOnce, boundMs }) => {
  const count = Number(TQ_TEST_CANVASES ?? sample);
  test(
    `${count} generated work-flows end as foretold`,
    async () => {
      const queue = uniqueName('flows');
      const env = { PLACE_QUEUE: queue };
      using place = new Workplace({ fixture: 'flows', env, ...urls() });
      const app = createApp('client', {
        broker: place.url,
        backend: place.backend,
        conf: { taskDefaultQueue: queue, publishTimeout: boundMs / 1000 },
      });
      const workers = ['a', 'b'].map((name) => place.worker('-P', 'prefork', '-c', '2', '-n', name));
      await Promise.all(workers.map((worker) => worker.ready()));
      try {
        const canvases = Array.from({ length: count }, (_value, index) => generate(SEED + index));
        const revoked = canvases.flatMap(revokedIds);
        await app.control.revoke(revoked, { reply: true, limit: workers.length, timeout: 20 });
        const run = new Run(new Builder(app), boundMs);
        await run.all(canvases, Number(TQ_TEST_CANVASES_AT_ONCE ?? atOnce));
        await run.compareRuns(() => place.ledger());
        expect(run.failures.join('\n')).toBe('');
      } finally {
        await app.close();
      }
    },
    2 * boundMs + count * 1000,
  );
});

class Run {
  readonly failures: string[] = [];
  readonly #builder: Builder;
  readonly #boundMs: number;
  readonly #runs = new Map<string, number>();

  constructor(builder: Builder, boundMs: number) {
    this.#builder = builder;
    this.#boundMs = boundMs;
  }

  /** So many at a time. */
  async all(canvases: readonly Canvas[], atOnce: number): Promise<void> {
    const waiting = canvases.values();
    const one = async (): Promise<void> => {
      for (const canvas of waiting) await this.#one(canvas);
    };
    await Promise.all(Array.from({ length: atOnce }, one));
  }

  /** Everything has run as often as foretold: what a client doesn't wait for runs a while after. */
  async compareRuns(ledger: () => readonly string[]): Promise<void> {
    const counted = (): Map<string, number> => {
      const runs = new Map<string, number>();
      for (const mark of ledger()) runs.set(mark, (runs.get(mark) ?? 0) + 1);
      return runs;
    };
    const wrong = (): [string, number, number][] => {
      const runs = counted();
      return [...new Set([...runs.keys(), ...this.#runs.keys()])]
        .map((mark): [string, number, number] => [mark, runs.get(mark) ?? 0, this.#runs.get(mark) ?? 0])
        .filter(([, is, foretold]) => is !== foretold);
    };
    await eventually(() => wrong().length === 0, {
      timeoutMs: 10_000,
      everyMs: 200,
      what: 'every run',
    }).catch(
      () => undefined, // what is wrong is told below
    );
    for (const [mark, is, foretold] of wrong()) this.#fail(`${mark} ran ${is} times instead of ${foretold}`);
  }

  /** A long proof tells at once. */
  #fail(text: string): void {
    this.failures.push(text);
    if (TQ_TEST_CANVASES !== undefined) process.stderr.write(`${text}\n`);
  }

  async #one(canvas: Canvas): Promise<void> {
    const { expected, runs } = foretell(canvas);
    for (const [mark, times] of runs) this.#runs.set(mark, times);
    const found = await differences(this.#builder, canvas, expected, this.#boundMs);
    for (const each of found) this.#fail(told(canvas, each));
  }
}

function told({ seed }: Canvas, { where, found, foretold }: Difference): string {
  return `TQ_TEST_SEED=${seed}: ${where} is ${JSON.stringify(found)} instead of ${JSON.stringify(foretold)}`;
}
