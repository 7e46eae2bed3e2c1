import { afterEach, describe } from '@jest/globals';
import type { JobHandler, PoolFactory, PoolTraits } from '@tq/core';
import { poolClosing } from './pool/closing.ts';
import { poolEnding } from './pool/ending.ts';
import { poolLoss } from './pool/loss.ts';
import { poolRecycling } from './pool/recycling.ts';
import { Rig } from './pool/rig.ts';
import type { RigOptions } from './pool/rig.ts';
import { poolRunning } from './pool/running.ts';
import { poolSendingAhead } from './pool/sending-ahead.ts';
import { poolStarting } from './pool/starting.ts';

/** What the kit's jobs are asked to do. The child's entry and the handler must understand all of it. */
export type ContractPayload =
  /** Succeeds with the value, as JSON. */
  | { readonly do: 'echo'; readonly value: unknown }
  /** Succeeds with the length of the text. */
  | { readonly do: 'size'; readonly value: string }
  /** Succeeds with a text of that many characters. */
  | { readonly do: 'big'; readonly size: number }
  /** Waits, then succeeds with the value. */
  | { readonly do: 'sleep'; readonly ms: number; readonly value?: unknown }
  /** Keeps the CPU busy, then succeeds with the value. */
  | { readonly do: 'spin'; readonly ms: number; readonly value?: unknown }
  /** Awaits what never comes. */
  | { readonly do: 'hang' }
  /** Waits for its signal and fails with the signal's reason. */
  | { readonly do: 'obey' }
  /** Asks, and succeeds with the answer. */
  | { readonly do: 'ask'; readonly value: unknown }
  /** Logs the text at level info, with the field `from: 'job'`. */
  | { readonly do: 'log'; readonly value: string }
  /** Writes the text to stdout. */
  | { readonly do: 'print'; readonly value: string }
  /** The handler itself rejects with a TypeError, though it should not. */
  | { readonly do: 'break'; readonly value: string }
  /** Succeeds; 20 ms later an error is thrown that nobody catches. */
  | { readonly do: 'throwLater' }
  /** Succeeds; 20 ms later a promise is rejected that nobody awaits. */
  | { readonly do: 'rejectLater' }
  | { readonly do: 'exit'; readonly code: number }
  /** Kills its own process with SIGKILL. */
  | { readonly do: 'kill' }
  /** Succeeds with the process id. */
  | { readonly do: 'pid' }
  /** Succeeds with what `serve()` gave the setup: `{ init, host }`. */
  | { readonly do: 'host' }
  /** Keeps that many bytes of memory for ever. */
  | { readonly do: 'hoard'; readonly size: number };

export interface PoolContractOptions {
  pool(options: { readonly size?: number }): PoolFactory;
  /** File URL of the module that a host loads. It imports the module `init.module`, if there is one, before it is ready. */
  readonly entry: string;
  /** Runs a payload in this very process. */
  readonly handler: JobHandler;
}

/** What a test of the kit works with. */
export interface PoolBench {
  readonly traits: PoolTraits;
  /** Whether a pool may have more than one slot. */
  readonly parallel: boolean;
  /** Whether hosts are processes of their own. */
  readonly processes: boolean;
  /** A pool that has not been started; closed after the test. */
  prepare(options?: RigOptions): Rig;
  /** A pool that has been started. */
  open(options?: RigOptions): Promise<Rig>;
}

/** What every pool must do. Run it in a test file of the package that has the pool. */
export function poolContract(name: string, options: PoolContractOptions): void {
  const rigs: Rig[] = [];
  const { traits } = options.pool({});
  const bench: PoolBench = {
    traits,
    parallel: traits.kind !== 'solo',
    processes: traits.kind === 'prefork' || traits.kind === 'async',
    prepare(change = {}) {
      const rig = new Rig(options, change);
      rigs.push(rig);
      return rig;
    },
    async open(change) {
      const rig = bench.prepare(change);
      await rig.pool.start();
      return rig;
    },
  };

  describe(`${name} as a pool`, () => {
    afterEach(async () => {
      for (const rig of rigs.splice(0)) await rig.endOfTest();
    });
    poolRunning(bench);
    poolEnding(bench);
    poolSendingAhead(bench);
    poolClosing(bench);
    poolStarting(bench);
    if (!traits.killable) return;
    poolLoss(bench);
    poolRecycling(bench);
  });
}
