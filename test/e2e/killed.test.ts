// Workers that are killed at each step between taking a message and its acknowledgement lose nothing.
// TQ_TEST_KILLS says how often at each step; 50 for the whole proof.
import { createApp } from '@tq/core';
import type { App } from '@tq/core';
import { eventually, serviceUrl, TcpProxy, uniqueName } from '@tq/testkit';
import { Ledger } from './support/ledger.ts';
import { Workplace } from './support/worker-process.ts';

const KILLS = Number(process.env['TQ_TEST_KILLS'] ?? 1);

/** In their order; a message that is to be retried is published again before it is acknowledged. */
const STEPS = [
  'subscribed',
  'popped',
  'handed',
  'prerun',
  'begun',
  'done',
  'postrun',
  'storing',
  'stored',
  'publishing',
  'published',
  'acking',
  'acked',
  'sent',
  'acknowledged',
];
/** A call in so many asks to be retried. */
const RETRIED = 3;

describe.each(['redis', 'amqp'] as const)('on %s', (service) => {
  test(
    `a worker that is killed ${KILLS} times at each of ${STEPS.length + 1} steps loses nothing`,
    async () => {
      const queue = uniqueName('faults');
      const url = serviceUrl(service).href;
      const backend = serviceUrl('redis').href;
      await using proxy = await TcpProxy.open(Number(serviceUrl(service).port));
      using place = new Workplace({
        fixture: 'faults',
        broker: url,
        backend,
        env: { TQ_BROKER_URL: undefined, TQ_RESULT_BACKEND: undefined },
      });
      const worker = (env: Readonly<Record<string, string>>) =>
        place.workerWith(env, '-P', 'prefork', '-c', '2', '-Q', queue);
      const calls = new Calls(createApp('client', { broker: url, backend }), queue);
      const plan = Array.from({ length: KILLS }, (_, turn) =>
        STEPS.map((step) => [step, turn] as const),
      ).flat();

      const killOne = async (): Promise<void> => {
        for (let next; (next = plan.shift());) {
          const [step, turn] = next;
          await calls.make(8);
          const times = step === 'subscribed' ? 1 : (turn % 3) + 1;
          const killed = worker({ FAULT: `${step}:${times}` });
          const limit = setTimeout(() => killed.child.kill('SIGTERM'), 30_000);
          expect(`${step} ${await killed.exited}: ${killed.output}`).toContain(`${step} SIGKILL`);
          clearTimeout(limit);
        }
      };
      // The line goes dead in the middle of whatever it carries, and then the worker.
      const swallowOne = async (): Promise<void> => {
        for (let turn = 0; turn < KILLS; turn++) {
          await calls.make(8);
          const killed = await worker({ PLACE_BROKER: proxy.through(new URL(url)).href }).ready();
          await calls.make(4);
          proxy.blackHole();
          await calls.make(4);
          killed.killAll();
          await killed.exited;
          proxy.heal();
        }
      };
      try {
        await Promise.all([killOne(), killOne(), swallowOne()]);
        await worker({}).ready();
        const ledger = new Ledger(place.ledgerFile);
        await eventually(() => calls.made.every((words) => ledger.runs().has(words)), {
          timeoutMs: 30_000 + KILLS * 1000,
          everyMs: 100,
          what: 'every call to run',
        }).catch((error: unknown) => {
          const lost = calls.made.filter((words) => !ledger.runs().has(words));
          throw new Error(`Lost ${lost.length} of ${calls.made.length}: ${lost.slice(0, 20).join(', ')}`, {
            cause: error,
          });
        });
        await eventually(calls.allSucceeded, { timeoutMs: 20_000, everyMs: 200, what: 'every result' });
        report(service, calls.made.length, ledger);
      } finally {
        await calls.app.close();
      }
    },
    90_000 + KILLS * 150_000,
  );
});

/** Calls that the broker has confirmed. */
class Calls {
  readonly app: App;
  readonly made: string[] = [];
  readonly #queue: string;
  readonly #ids: string[] = [];

  constructor(app: App, queue: string) {
    this.app = app;
    this.#queue = queue;
  }

  async make(count: number): Promise<void> {
    const words = Array.from({ length: count }, () => uniqueName('call'));
    const calls = words.map((each, index) =>
      this.app.sendTask('faults.note', [each, index % RETRIED === 0], { queue: this.#queue }),
    );
    for (const result of await Promise.all(calls)) this.#ids.push(result.id);
    this.made.push(...words);
  }

  readonly allSucceeded = async (): Promise<boolean> => {
    const states = await Promise.all(this.#ids.map((id) => this.app.asyncResult(id).state()));
    return states.every((state) => state === 'SUCCESS');
  };
}

function report(service: string, made: number, ledger: Ledger): void {
  if (process.env['TQ_TEST_KILLS'] === undefined) return;
  const again = [...ledger.runs().values()].filter((runs) => runs.length > 1).length;
  process.stdout.write(`${service}: ${made} calls, none lost, ${again} run again\n`);
}
