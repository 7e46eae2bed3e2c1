import { ImproperlyConfigured } from '@tq/core';
import type { PoolFactory } from '@tq/core';
import { didYouMean } from '@tq/core/internal';
import { asyncPool } from './async.ts';
import type { AsyncPoolOptions } from './async.ts';
import { prefork } from './prefork.ts';
import { solo } from './solo.ts';
import { threads } from './threads.ts';

const POOLS: Readonly<Record<string, (options: AsyncPoolOptions) => PoolFactory>> = {
  prefork: ({ hosts: _, ...options }) => prefork(options),
  processes: ({ hosts: _, ...options }) => prefork(options),
  threads: ({ hosts: _, ...options }) => threads(options),
  async: asyncPool,
  eventlet: asyncPool,
  gevent: asyncPool,
  solo: () => solo(),
};

/** The names that `poolByName()` knows, Celery's among them. */
export const POOL_NAMES: readonly string[] = Object.keys(POOLS);

/** A pool by the name that `--pool` and the setting `workerPool` use. */
export function poolByName(name: string, options: AsyncPoolOptions = {}): PoolFactory {
  const make = Object.hasOwn(POOLS, name) ? POOLS[name] : undefined;
  if (make) return make(options);
  const near = didYouMean(name, POOL_NAMES);
  const hint = near ? `Did you mean ${near}?` : `Choose one of ${POOL_NAMES.join(', ')}.`;
  throw new ImproperlyConfigured(`There is no pool named ${JSON.stringify(name)}. ${hint}`);
}
