import type { ClusterState, TaskInfo, WorkerInfo } from '@tq/events';
import { localTime } from '../local-time.ts';
import { fit, folded, harmless } from './text.ts';

/** What a task's fields are called, in the order of its life. */
const FIELDS: readonly (readonly [label: string, key: keyof TaskInfo, kind?: 'moment'])[] = [
  ['uuid', 'uuid'],
  ['name', 'name'],
  ['state', 'state'],
  ['args', 'args'],
  ['kwargs', 'kwargs'],
  ['worker', 'worker'],
  ['client', 'client'],
  ['queue', 'queue'],
  ['exchange', 'exchange'],
  ['routing key', 'routingKey'],
  ['root id', 'rootId'],
  ['parent id', 'parentId'],
  ['retries', 'retries'],
  ['eta', 'eta'],
  ['expires', 'expires'],
  ['sent', 'sent', 'moment'],
  ['received', 'received', 'moment'],
  ['started', 'started', 'moment'],
  ['succeeded', 'succeeded', 'moment'],
  ['failed', 'failed', 'moment'],
  ['retried', 'retried', 'moment'],
  ['revoked', 'revoked', 'moment'],
  ['rejected', 'rejected', 'moment'],
  ['runtime', 'runtime'],
  ['result', 'result'],
  ['exception', 'exception'],
  ['clock', 'clock'],
];

const LABEL = 13;

/** All that is known of a task. */
export function taskLines(task: TaskInfo, columns: number): readonly string[] {
  const known = FIELDS.filter(([, key]) => task[key] !== undefined && task[key] !== '');
  const lines = known.flatMap(([label, key, kind]) => {
    const value = task[key];
    return row(label, kind ? localTime((value as number) * 1000) : String(value as string | number), columns);
  });
  if (!task.custom) return lines;
  const {
    type,
    hostname: _,
    utcoffset: _o,
    pid: _p,
    clock: _c,
    timestamp: _t,
    local_received: _l,
    uuid: _u,
    ...own
  } = task.custom;
  return [...lines, ...row(type.replace(/^task-/, ''), JSON.stringify(own), columns)];
}

function row(label: string, text: string, columns: number): readonly string[] {
  const lines = folded(text, Math.max(10, columns - LABEL));
  return lines.map((line, index) => fit(index === 0 ? label : '', LABEL) + line);
}

/** The workers as a table. */
export function workerLines(
  state: ClusterState,
  { columns, nowMs }: { readonly columns: number; readonly nowMs: number },
): readonly [heading: string, lines: readonly string[]] {
  const fixed = [7, 6, 9, 14, 8] as const;
  const left = columns - fixed.reduce((sum, width) => sum + width + 1, 0) - 1;
  const name = Math.max(12, Math.floor(left / 2));
  const cells = (...texts: readonly string[]): string =>
    [name, ...fixed, Math.max(8, left - name)]
      .map((width, index) => fit(harmless(texts[index] ?? ''), width))
      .join(' ');
  const heading = cells('WORKER', 'STATUS', 'ACTIVE', 'PROCESSED', 'LOAD', 'SEEN', 'SOFTWARE');
  const workers = [...state.workers.values()].sort((a, b) => (a.hostname < b.hostname ? -1 : 1));
  const lines = workers.map((worker) =>
    cells(
      worker.hostname,
      state.isAlive(worker) ? 'online' : 'lost',
      text(worker.active),
      text(worker.processed),
      (worker.loadavg ?? []).map((load) => load.toFixed(2)).join(' '),
      worker.heartbeat === 0 ? 'never' : `${Math.max(0, Math.round(nowMs / 1000 - worker.heartbeat))}s ago`,
      softwareOf(worker),
    ),
  );
  return [heading, lines.length > 0 ? lines : ['No worker has been heard of yet.']];
}

function softwareOf({ swIdent = '', swVer = '', swSys = '' }: WorkerInfo): string {
  return `${swIdent} ${swVer} ${swSys}`.trim();
}

function text(value: number | undefined): string {
  return value === undefined ? '?' : String(value);
}

/** What every key does. */
export function helpLines(): readonly string[] {
  return [
    'j, ↓            down; in a page of text: scroll',
    'k, ↑            up',
    'g, Home         the newest task, and follow it',
    'G, End          the oldest task',
    'PgUp, PgDn      a screen at a time',
    'i, Enter        all that is known of the marked task',
    'r               its result, or its exception',
    't               its traceback',
    'c               revoke it: workers will not start it',
    'l               set the rate limit of its kind on all workers',
    'w               workers',
    'Esc, q          back to the tasks; there, q quits',
    'Ctrl-L          draw the screen anew',
    'Ctrl-Z          suspend; fg comes back',
    'Ctrl-C          quit',
  ];
}
