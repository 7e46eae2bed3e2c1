import { ImproperlyConfigured } from '@tq/core';
import type { App, Connection, Duration, Logger } from '@tq/core';
import { durationMs, perSecond, toError } from '@tq/core/internal';
import { EventReceiver } from './receiver.ts';
import { ClusterState } from './state.ts';

/** What a camera takes pictures of, and where they go. */
export interface CameraOptions {
  /** Called with the state of the cluster; the next picture waits until it has settled. */
  readonly shutter: (state: ClusterState) => void | Promise<void>;
  /** Time between two pictures. @default 1 */
  readonly every?: Duration;
  /** No more pictures than this, whatever `every` says: a number a second, or '10/m'. @default no limit */
  readonly maxRate?: number | string;
  /** Forget after a picture what has ended, so that each shows what is new. @default false */
  readonly clearAfter?: boolean;
  /** Called now and then, to tidy up what the shutter keeps. */
  readonly cleanup?: (state: ClusterState) => void | Promise<void>;
  /** @default 3600 */
  readonly cleanupEvery?: Duration;
  /** Called each time it has begun to listen. */
  readonly onListening?: (connection: Connection) => void | Promise<void>;
  /** @default the app's */
  readonly logger?: Logger;
  /** Ends it; the last picture is taken then. */
  readonly signal?: AbortSignal;
}

/**
 * Takes pictures of a cluster at intervals, such as for a database:
 *
 * ```ts
 * await camera(app, { every: 2, shutter: async (state) => save(state.aliveWorkers(), state.query({ limit: 100 })) });
 * ```
 *
 * A shutter that throws is logged. Resolves when `signal` fires. @throws BrokerUnavailableError when there is no broker at first
 */
export async function camera(app: App, options: CameraOptions): Promise<void> {
  const { onListening, logger = app.logger, signal } = options;
  const everyMs = intervalOf(options);
  const state = new ClusterState({ clock: app.clock, logger });
  const stop = new AbortController();
  const ended = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  const receiver = new EventReceiver({
    app,
    logger,
    handlers: { '*': (event) => state.event(event) },
    ...(onListening ? { onListening } : {}),
  });
  const capturing = receiver.capture({ signal: ended }).finally(() => stop.abort());
  capturing.catch(() => undefined); // awaited below
  await keepShooting(app, state, { ...options, everyMs, logger, signal: ended });
  await capturing;
}

function intervalOf({ every = 1, maxRate }: CameraOptions): number {
  const rate = maxRate === undefined ? Infinity : perSecond(maxRate);
  if (!rate)
    throw new ImproperlyConfigured(
      `maxRate must be a number a second, or a text such as '10/m', not ${String(maxRate)}.`,
    );
  return Math.max(durationMs(every, 'every'), 1000 / rate);
}

async function keepShooting(
  { clock }: App,
  state: ClusterState,
  options: CameraOptions & {
    readonly everyMs: number;
    readonly logger: Logger;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { everyMs, signal, logger, cleanup } = options;
  const cleanupEveryMs = durationMs(options.cleanupEvery ?? 3600, 'cleanupEvery');
  let cleanupAtMs = clock.monotonic() + cleanupEveryMs;
  const run = async (what: string, work: () => void | Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      logger.error(`The ${what} of a camera threw`, { error: toError(error) });
    }
  };
  while (!signal.aborted) {
    await clock.sleep(everyMs, { signal }).catch(() => undefined); // the last picture
    if (signal.aborted && state.eventCount === 0) return;
    await run('shutter', () => options.shutter(state));
    if (options.clearAfter) state.clearTasks();
    if (!cleanup || clock.monotonic() < cleanupAtMs) continue;
    cleanupAtMs = clock.monotonic() + cleanupEveryMs;
    await run('cleanup', () => cleanup(state));
  }
}
