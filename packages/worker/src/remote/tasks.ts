import { durationMs, formatIso } from '@tq/core/internal';
import type { Held } from '../consume/held.ts';
import { parseRate } from '../consume/buckets.ts';
import { nok, ok } from './parts.ts';
import type { Handler, RemoteParts } from './parts.ts';
import { placeOf, taskInfo } from './task-info.ts';

export const active: Handler = (parts, { safe }) =>
  [...parts.executor.held].flatMap((held) => {
    const place = placeOf(held);
    return place ? [taskInfo(parts.app, parts.hostname, held, { safe: safe === true, place })] : [];
  });

/** What has come and neither runs nor waits for its ETA. */
export const reserved: Handler = (parts) => reservedHere(parts).map((held) => info(parts, held));

export const scheduled: Handler = (parts) =>
  waiting(parts, 'eta').map(({ item, atMs }) => ({
    eta: formatIso(item.request.etaMs ?? atMs),
    priority: 6,
    request: info(parts, item),
  }));

export const queryTask: Handler = (parts, { ids }) => {
  const wanted = new Set((Array.isArray(ids) ? ids : [ids]).map(String));
  const found: Record<string, readonly [state: string, task: unknown]> = {};
  const tell = (state: string, list: readonly Held[]): void => {
    for (const held of list)
      if (wanted.has(held.request.id)) found[held.request.id] = [state, info(parts, held)];
  };
  tell(
    'ready',
    waiting(parts, 'eta').map(({ item }) => item),
  );
  tell('reserved', reservedHere(parts));
  tell(
    'active',
    [...parts.executor.held].filter((held) => placeOf(held)),
  );
  return found;
};

/** Of a task that says nothing else. */
const MAX_RETRIES = 3;

/** Sorted, each with those attributes that it has: `proj.add [rate_limit=10/s]`. */
export const registered: Handler = ({ app, buckets }, { taskinfoitems, builtins }) => {
  const given = Array.isArray(taskinfoitems) ? taskinfoitems.map(String) : [];
  const attributes = given.length > 0 ? given : ['exchange', 'routing_key', 'rate_limit'];
  return [...app.tasks.values()]
    .filter(({ taskName }) => builtins === true || !taskName.startsWith('celery.'))
    .map(({ taskName, definition }) => {
      const values: Readonly<Record<string, unknown>> = {
        max_retries: MAX_RETRIES,
        ...snakeCased(definition.options),
        rate_limit: buckets.rateOf(definition),
        name: taskName,
      };
      const shown = attributes
        .filter((name) => values[name] !== undefined && values[name] !== null)
        .map((name) => `${name}=${String(values[name])}`);
      return shown.length > 0 ? `${taskName} [${shown.join(' ')}]` : taskName;
    })
    .sort();
};

export const revokedIds: Handler = ({ revoked }) => revoked.ids;

export const rateLimit: Handler = (parts, { task_name: task, rate_limit: given }) => {
  const { app, buckets, logger, consumer } = parts;
  const rate = given === undefined ? null : (given as string | number | null);
  try {
    parseRate(rate, String(task));
  } catch {
    return nok(`Invalid rate limit string: ${JSON.stringify(given)}`);
  }
  if (!app.tasks.has(String(task))) return unknownTask(parts, task, 'rate limit');
  buckets.set(String(task), rate);
  consumer()?.rateChanged(String(task));
  if (buckets.isLimited(String(task))) {
    logger.info(`New rate limit for tasks of type ${String(task)}: ${String(rate)}.`);
    return ok('new rate limit set successfully');
  }
  logger.info(`Rate limits disabled for tasks of type ${String(task)}`);
  return ok('rate limit disabled successfully');
};

export const timeLimit: Handler = (parts, { task_name: task, hard = null, soft = null }) => {
  const { app, executor, logger, pool } = parts;
  if (!app.tasks.has(String(task))) return unknownTask(parts, task, 'time limit');
  const [timeLimitS, softTimeLimit] = [secondsOf(hard, 'hard'), secondsOf(soft, 'soft')];
  if (timeLimitS !== null && !pool.traits.killable)
    return nok(`the pool "${pool.traits.kind}" can't end a task by force: only soft limits`);
  executor.setLimits(String(task), { timeLimit: timeLimitS, softTimeLimit });
  logger.info(
    `New time limits for tasks of type ${String(task)}: soft=${String(softTimeLimit)} hard=${String(timeLimitS)}`,
  );
  return ok('time limits set successfully');
};

/** @throws ImproperlyConfigured */
function secondsOf(given: unknown, what: string): number | null {
  return given === null ? null : durationMs(given as number, what) / 1000;
}

function unknownTask({ logger }: RemoteParts, task: unknown, what: string): { readonly error: string } {
  logger.error(`Rejected attempt to set the ${what} of the unknown task ${String(task)}`);
  return nok('unknown task');
}

function info({ app, hostname }: RemoteParts, held: Held): ReturnType<typeof taskInfo> {
  return taskInfo(app, hostname, held);
}

function reservedHere(parts: RemoteParts): readonly Held[] {
  const line = [...parts.executor.held].filter((held) => !placeOf(held));
  return [...line, ...waiting(parts, 'rate').map(({ item }) => item)];
}

/** Those that wait outside of the pool: for their ETA, or for their turn under a rate limit. */
function waiting(
  { consumer }: RemoteParts,
  what: 'eta' | 'rate',
): readonly { readonly item: Held; readonly atMs: number }[] {
  return (consumer()?.waitingEntries ?? []).filter(({ item }) => item.hasToken === (what === 'rate'));
}

function snakeCased(options: object): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  );
}
