import { machine, release, type } from 'node:os';
import { relative } from 'node:path';
import type { LogLevel } from '@tq/core';
import type { WorkerDescription } from '@tq/worker';
import type { LoadedApp } from '@tq/worker/load';
import { localTime } from './local-time.ts';
import { versionText } from './version.ts';

export interface BannerFacts {
  readonly worker: WorkerDescription;
  /** Where the app was found, as `-A` would name it. */
  readonly place: string;
  readonly version: string;
  readonly platform: string;
  readonly timeMs: number;
  /** Whether tasks are listed, and whether those of tq's own are among them. */
  readonly tasks: 'none' | 'own' | 'all';
  readonly colors: boolean;
}

/** The facts of a worker of this program, here and now. */
export function bannerFacts(
  worker: WorkerDescription,
  {
    loaded,
    level,
  }: { readonly loaded: Pick<LoadedApp, 'file' | 'exportName'>; readonly level: LogLevel | 'none' },
): Omit<BannerFacts, 'colors'> {
  return {
    worker,
    place: `${relative(process.cwd(), loaded.file)}:${loaded.exportName}`,
    version: versionText(),
    platform: `${type()}-${release()}-${machine()}-with-node-${process.versions.node}`,
    timeMs: Date.now(),
    tasks: level === 'debug' ? 'all' : level === 'info' ? 'own' : 'none',
  };
}

const ART = [
  ' .............. ',
  ' ...#.......... ',
  ' ...#.......... ',
  ' .#####..####.. ',
  ' ...#...#...#.. ',
  ' ...#...#...#.. ',
  ' ...#...#...#.. ',
  ' ...#...#...#.. ',
  ' ...###..####.. ',
  ' ...........#.. ',
  ' ...........#.. ',
  ' .............. ',
];

/** What a worker shows when it starts: Celery's page, with a sign of our own. */
export function renderBanner(facts: BannerFacts): string {
  const { worker } = facts;
  const beside = [
    `${worker.hostname} v${facts.version}`,
    '',
    `${facts.platform} ${localTime(facts.timeMs)}`,
    '',
    '[config]',
    `.> app:         ${worker.app} (${facts.place})`,
    `.> transport:   ${worker.transport}`,
    `.> results:     ${worker.results}`,
    `.> concurrency: ${worker.concurrency} (${worker.pool})`,
    `.> task events: ${worker.events ? 'ON' : 'OFF (enable -E to monitor tasks in this worker)'}`,
    '',
    '[queues]',
  ];
  const page = ART.map((art, line) => `${paint(art, facts.colors)}${beside[line] ?? ''}`.trimEnd());
  return `\n${[...page, ...queueLines(worker), '', ...taskLines(facts)].join('\n')}\n`;
}

function queueLines({ queues }: WorkerDescription): readonly string[] {
  const width = Math.max(16, ...queues.map(({ name }) => name.length));
  return queues.map(({ name, exchange, exchangeType, routingKey }) => {
    return `${' '.repeat(ART[0]?.length ?? 0)}.> ${name.padEnd(width)} exchange=${exchange}(${exchangeType}) key=${routingKey}`;
  });
}

function taskLines({ worker, tasks }: BannerFacts): readonly string[] {
  if (tasks === 'none') return [];
  const names = worker.tasks.filter((name) => tasks === 'all' || !name.startsWith('celery.'));
  return ['[tasks]', ...names.map((name) => `  . ${name}`), ''];
}

function paint(art: string, colors: boolean): string {
  return colors
    ? art
        .replace(/#+/g, (mark) => `\u001B[1;36m${mark}\u001B[0m`)
        .replace(/\.+/g, (dots) => `\u001B[36m${dots}\u001B[0m`)
    : art;
}
