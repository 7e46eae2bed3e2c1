import { durationMs } from '@tq/core/internal';
import type { RemoteParts } from './parts.ts';

/** The pool as `stats` shows it: Celery's keys, each kind with those that make sense for it. Spec: control.md 5. */
export function poolInfo({ pool, app, maxTasksPerChild }: RemoteParts): Readonly<Record<string, unknown>> {
  const { hosts, size, busy, waiting } = pool.stats();
  const { kind } = pool.traits;
  const pids = [...new Set(hosts.map(({ pid }) => pid))];
  const done = hosts.map((host) => host.done);
  const total = done.reduce((sum, one) => sum + one, 0);
  const common = {
    implementation: `@tq/pool:${kind}`,
    'max-concurrency': size,
    'max-tasks-per-child': maxTasksPerChild ?? 'N/A',
    'put-guarded-by-semaphore': false,
    timeouts: [secondsOf(app.config.taskSoftTimeLimit), secondsOf(app.config.taskTimeLimit)],
    busy,
    waiting,
    writes: {
      total,
      avg: share(total / Math.max(1, done.length), total),
      all: done.map((one) => share(one, total)).join(', '),
      raw: done.join(', '),
      strategy: 'fair',
      inqueues: { total: hosts.length, active: busy },
    },
  };
  return kind === 'threads' ? { ...common, threads: hosts.length } : { ...common, processes: pids };
}

function share(part: number, total: number): string {
  return (total === 0 ? 0 : part / total).toFixed(2);
}

function secondsOf(limit: number | string | null): number {
  return limit === null ? 0 : durationMs(limit, 'time limit') / 1000;
}
