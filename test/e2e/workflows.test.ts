// Work-flows that nobody thought of: generated, run by real workers, compared with what was foretold for them.
// TQ_TEST_CANVASES says how many (10000 for the whole proof), TQ_TEST_SEED where to begin; a work-flow that differs prints
// its own seed: TQ_TEST_SEED=<it> TQ_TEST_CANVASES=1 runs it again. TQ_TEST_CANVASES_AT_ONCE: how many are on their way.
import { createApp } from '@tq/core';
import { eventually, serviceUrl, uniqueName } from '@tq/testkit';
import { Builder } from '../flows/build.ts';
import type { Canvas } from '../flows/flow.ts';
import { foretell } from '../flows/foretell.ts';
import { generate } from '../flows/generate.ts';
import { differences, revokedIds } from '../flows/run.ts';
import type { Difference } from '../flows/run.ts';
import { Workplace } from './support/worker-process.ts';

const COUNT = Number(process.env['TQ_TEST_CANVASES'] ?? 150);
const SEED = Number(process.env['TQ_TEST_SEED'] ?? 1);
const AT_ONCE = Number(process.env['TQ_TEST_CANVASES_AT_ONCE'] ?? 40);
/** In which a work-flow must have ended, however busy the machine is. */
const BOUND_MS = 60_000;

/** Broker and results; SQLite in a file of the workplace's own. */
const SERVICES = {
  redis: () => ({ broker: serviceUrl('redis').href, backend: serviceUrl('redis').href }),
  rpc: () => ({ broker: serviceUrl('amqp').href, backend: 'rpc://' }),
  sqlite: () => ({}),
};

test.each(Object.keys(SERVICES) as (keyof typeof SERVICES)[])(
  `${COUNT} generated work-flows end as foretold on %s`,
  async (service) => {
    const queue = uniqueName('flows');
    const env = { PLACE_QUEUE: queue };
    using place = new Workplace({ fixture: 'flows', env, ...SERVICES[service]() });
    const app = createApp('client', {
      broker: place.url,
      backend: place.backend,
      conf: { taskDefaultQueue: queue },
    });
    const workers = ['a', 'b'].map((name) => place.worker('-P', 'prefork', '-c', '2', '-n', name));
    await Promise.all(workers.map((worker) => worker.ready()));
    try {
      const canvases = Array.from({ length: COUNT }, (_, index) => generate(SEED + index));
      const revoked = canvases.flatMap(revokedIds);
      await app.control.revoke(revoked, { reply: true, limit: workers.length, timeout: 20 });
      const run = new Run(new Builder(app));
      await run.all(canvases);
      await run.compareRuns(() => place.ledger());
      expect(run.failures.join('\n')).toBe('');
    } finally {
      await app.close();
    }
  },
  60_000 + COUNT * 200,
);

class Run {
  readonly failures: string[] = [];
  readonly #builder: Builder;
  readonly #runs = new Map<string, number>();

  constructor(builder: Builder) {
    this.#builder = builder;
  }

  /** So many at a time. */
  async all(canvases: readonly Canvas[]): Promise<void> {
    const waiting = canvases.values();
    const one = async (): Promise<void> => {
      for (const canvas of waiting) await this.#one(canvas);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, one));
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
    for (const [mark, is, foretold] of wrong())
      this.failures.push(`${mark} ran ${is} times instead of ${foretold}`);
  }

  async #one(canvas: Canvas): Promise<void> {
    const { expected, runs } = foretell(canvas);
    for (const [mark, times] of runs) this.#runs.set(mark, times);
    const found = await differences(this.#builder, canvas, expected, BOUND_MS);
    this.failures.push(...found.map((each) => told(canvas, each)));
  }
}

function told({ seed }: Canvas, { where, found, foretold }: Difference): string {
  return `TQ_TEST_SEED=${seed}: ${where} is ${JSON.stringify(found)} instead of ${JSON.stringify(foretold)}`;
}
