import { nok, ok } from './parts.ts';
import type { Handler, RemoteParts } from './parts.ts';

export const poolGrow: Handler = (parts, { n = 1 }) => resizeBy(parts, amountOf(n), 'pool will grow');

export const poolShrink: Handler = (parts, { n = 1 }) => resizeBy(parts, -amountOf(n), 'pool will shrink');

export const poolRestart: Handler = ({ app, pool, logger }, { modules }) => {
  if (!app.config.workerPoolRestarts)
    throw valueError('Pool restarts not enabled: set workerPoolRestarts to true');
  if (Array.isArray(modules) && modules.length > 0)
    throw valueError('New hosts load the modules of the setting include; others cannot be named here');
  logger.info('Restarting the pool');
  pool.restart();
  return ok('reload started');
};

export const autoscale: Handler = ({ autoscaler }, { max = null, min = null }) => {
  if (!autoscaler) throw valueError('Autoscale not enabled');
  const range = autoscaler.update({
    ...(max === null ? {} : { max: amountOf(max) }),
    ...(min === null ? {} : { min: amountOf(min) }),
  });
  return ok(`autoscale now max=${range.max} min=${range.min}`);
};

function resizeBy(
  { autoscaler, pool, logger, resize }: RemoteParts,
  by: number,
  text: string,
): { readonly ok: unknown } | { readonly error: string } {
  const what = by > 0 ? 'pool_grow' : 'pool_shrink';
  if (autoscaler) return nok(`${what} is not supported with autoscale. Adjust autoscale range instead.`);
  if (pool.traits.kind === 'solo') return nok('the pool "solo" has one slot, always');
  const size = pool.size + by;
  if (size < 1) return nok(`the pool has ${pool.size} slots, and must keep one`);
  // Its new hosts take a while; what goes wrong with one is the pool's affair.
  resize(size).catch((error: unknown) =>
    logger.warn("The pool couldn't be resized", { error: String(error) }),
  );
  return ok(text);
}

function amountOf(given: unknown): number {
  const amount = Number(given);
  if (!Number.isSafeInteger(amount) || amount < 0)
    throw valueError(`${String(given)} is not a number of slots`);
  return amount;
}

/** Words an error as Celery does: `ValueError('…')`. */
export function valueError(message: string): Error {
  const error = new Error(message);
  error.name = 'ValueError';
  return error;
}
