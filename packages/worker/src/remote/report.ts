import { arch, release, tmpdir, type } from 'node:os';
import { join } from 'node:path';
import { getHeapStatistics, writeHeapSnapshot } from 'node:v8';
import type { SettingName } from '@tq/core';
import { settingNames, shownBackend, shownBroker, toSnake } from '@tq/core/internal';
import { brokerInfo } from './broker-info.ts';
import { masked } from './masked.ts';
import { ok } from './parts.ts';
import type { Handler, RemoteParts } from './parts.ts';
import { poolInfo } from './pool-info.ts';

export const ping: Handler = () => ok('pong');

export const clock: Handler = ({ app }) => ({ clock: app.lamport.value });

/** Spec: control.md 5. */
export const stats: Handler = async (parts) => {
  const { app, autoscaler, info } = parts;
  return {
    total: totals(parts),
    pid: process.pid,
    clock: String(app.lamport.value),
    uptime: Math.round(process.uptime()),
    pool: poolInfo(parts),
    ...(autoscaler ? { autoscaler: autoscaler.info() } : {}),
    broker: await brokerInfo(app),
    prefetch_count: (info()['consumer'] as { readonly prefetch?: number } | null)?.prefetch ?? 0,
    rusage: rusage(),
  };
};

/** Accepted: those that have run, and those that run. */
function totals({ executor }: RemoteParts): Readonly<Record<string, number>> {
  const counts: Record<string, number> = Object.fromEntries(executor.totals);
  for (const { request, execution } of executor.held)
    if (execution?.place()) counts[request.task] = (counts[request.task] ?? 0) + 1;
  return counts;
}

function rusage(): Readonly<Record<string, number>> {
  const usage = process.resourceUsage();
  return {
    utime: usage.userCPUTime / 1e6,
    stime: usage.systemCPUTime / 1e6,
    maxrss: usage.maxRSS,
    ixrss: usage.sharedMemorySize,
    idrss: usage.unsharedDataSize,
    isrss: usage.unsharedStackSize,
    minflt: usage.minorPageFault,
    majflt: usage.majorPageFault,
    nswap: usage.swappedOut,
    inblock: usage.fsRead,
    oublock: usage.fsWrite,
    msgsnd: usage.ipcSent,
    msgrcv: usage.ipcReceived,
    nsignals: usage.signalsCount,
    nvcsw: usage.voluntaryContextSwitches,
    nivcsw: usage.involuntaryContextSwitches,
  };
}

/** Settings that were given, by Celery's names; all of them if asked for. */
export const conf: Handler = ({ app }, { with_defaults: all }) => {
  const names = all === true ? settingNames() : (Object.keys(app.givenSettings) as SettingName[]);
  return Object.fromEntries(names.map((name) => [toSnake(name), masked(app.config[name], toSnake(name))]));
};

export const report: Handler = async ({ app, hostname, pool }) => {
  const { node, v8 } = process.versions;
  const settings = Object.entries(conf({ app } as RemoteParts, {}) as Readonly<Record<string, unknown>>).map(
    ([name, value]) => `${name}: ${JSON.stringify(value)}`,
  );
  return ok(
    [
      `software -> node:${node} v8:${v8}`,
      `platform -> system:${type()} arch:${arch()} kernel:${release()}`,
      `worker   -> ${hostname} pool:${pool.traits.kind} slots:${pool.size}`,
      `app      -> ${app.name} transport:${await shownBroker(app)} results:${await shownBackend(app)}`,
      '',
      ...settings,
    ].join('\n'),
  );
};

/** What memsample has said, the latest last. */
const samples: string[] = [];
const MOST_SAMPLES = 100;

export const memsample: Handler = () => {
  const size = humanSize(process.memoryUsage.rss());
  samples.push(size);
  if (samples.length > MOST_SAMPLES) samples.shift();
  return size;
};

export const memdump: Handler = (parts, { samples: count }) => {
  const now = memsample(parts, {}) as string;
  const { heapUsed, heapTotal, external, arrayBuffers } = process.memoryUsage();
  const { heap_size_limit: limit, number_of_native_contexts: contexts } = getHeapStatistics();
  const wanted = Math.max(1, Number(count ?? 10) || 10);
  return [
    ...samples.slice(-wanted).map((sample) => `- rss (sample): ${sample}.`),
    `- rss (end): ${now}.`,
    `- heap: ${humanSize(heapUsed)} of ${humanSize(heapTotal)}, at most ${humanSize(limit)}.`,
    `- external: ${humanSize(external)}, array buffers: ${humanSize(arrayBuffers)}, contexts: ${contexts}.`,
    '',
  ].join('\n');
};

/** A heap snapshot: what Chrome's developer tools open. Node has no graph of one type alone. */
export const objgraph: Handler = () => ({
  filename: writeHeapSnapshot(join(tmpdir(), `tq-${process.pid}-${Date.now()}.heapsnapshot`)),
});

/** As Celery writes it: `52.1MB`. */
export function humanSize(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB'];
  let size = bytes;
  let unit = 0;
  for (; size >= 1024 && unit < units.length - 1; unit++) size /= 1024;
  return `${size.toFixed(2).replace(/\.?0+$/, '')}${units[unit]}`;
}
