import { defineCommand } from '../command.ts';
import type { Values } from '../command.ts';
import { choice, duration, flag, list, text, value, wholeNumber } from '../option-kinds.ts';
import { readPrefetch } from '../prefetch-option.ts';
import { readRange } from '../range-option.ts';

const RUN = 'How tasks run';
const LIMITS = 'Limits';
const LOG = 'Log';
const SERVICE = 'As a service';

export const WORKER_OPTIONS = {
  queues: list('NAMES', 'Consume these queues, comma-separated', {
    short: 'Q',
    otherwise: 'all queues of the app',
  }),
  excludeQueues: list('NAMES', 'Not these', { short: 'X' }),
  include: list('MODULES', 'Import these modules with tasks too', { short: 'I' }),
  hostname: text('NAME', 'Node name; %h is the host, %n its first part, %d its domain', {
    short: 'n',
    otherwise: 'celery@%h',
  }),
  taskEvents: flag('Send task events', {
    short: 'E',
    also: ['events'],
    otherwise: 'the setting workerSendTaskEvents',
  }),
  withoutHeartbeat: flag('Send no heartbeats'),
  heartbeatInterval: duration('Time between two heartbeats', { otherwise: '2, and more in large fleets' }),
  withoutGossip: flag("Don't listen to the other workers"),
  statedb: text('PATH', 'Keep revoked ids there over a restart; %n and %h as for --logfile', { short: 'S' }),
  withoutMingle: flag("Don't ask the other workers at the start what they know"),
  purge: flag('Remove all waiting tasks first, without asking', { also: ['discard'] }),

  concurrency: wholeNumber('N', 'Tasks at one time', {
    short: 'c',
    least: 1,
    group: RUN,
    otherwise: 'the number of CPUs',
  }),
  autoscale: value('MAX,MIN', 'As many as are needed, within this range, in place of -c', readRange, {
    group: RUN,
  }),
  pool: choice(
    'KIND',
    ['prefork', 'threads', 'async', 'solo', 'processes', 'eventlet', 'gevent'],
    'Where tasks run',
    {
      short: 'P',
      group: RUN,
      otherwise: 'prefork',
    },
  ),
  prefetchMultiplier: value('N|auto', 'Messages reserved for each slot', readPrefetch, {
    group: RUN,
    otherwise: 'auto',
  }),
  disablePrefetch: flag('Take a message only when a slot is free', { group: RUN }),
  optimization: choice(
    'NAME',
    ['default', 'fair'],
    'Known from Celery; a task goes to a free slot either way',
    { short: 'O', group: RUN },
  ),

  timeLimit: duration('End a task by force after this long', { group: LIMITS }),
  softTimeLimit: duration('Fire the signal of a task after this long', { group: LIMITS }),
  maxTasksPerChild: wholeNumber('N', 'Replace a child after this many tasks', { least: 1, group: LIMITS }),
  maxMemoryPerChild: wholeNumber('KIB', 'Replace a child that takes more memory after a task', {
    least: 1,
    group: LIMITS,
  }),

  loglevel: choice(
    'LEVEL',
    ['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL', 'FATAL'],
    'Least level to log, in upper or lower case',
    { short: 'lL', group: LOG, otherwise: 'WARNING' },
  ),
  logfile: text('PATH', 'Log there; %n is the node, %h its host, %p both, %i or %I the child', {
    short: 'f',
    group: LOG,
    otherwise: 'stderr',
  }),
  logFormat: choice('FORM', ['text', 'json'], 'How lines are written', { group: LOG, otherwise: 'text' }),

  detach: flag('Run in the background', { short: 'D', group: SERVICE }),
  pidfile: text(
    'PATH',
    'Keep the process id there, and refuse to start beside a running worker that does; %n, %h and %p as above',
    { group: SERVICE },
  ),
  uid: text('USER', 'Run as this user, name or number', { group: SERVICE }),
  gid: text('GROUP', 'Run as this group', { group: SERVICE, otherwise: "the user's" }),
  umask: text('OCTAL', 'Mask of new files', { group: SERVICE }),
  executable: text('PATH', 'Node for the background process', { group: SERVICE, otherwise: 'this one' }),
};

export type WorkerValues = Values<typeof WORKER_OPTIONS>;

export const worker = defineCommand({
  name: 'worker',
  about: [
    'Runs until Ctrl-C or TERM: then running tasks finish and the others go back to their queue. A second Ctrl-C, or QUIT, ends at once; a second TERM does not. ' +
      'HUP opens the log file again.',
  ],
  rest: 'setting=value …',
  options: WORKER_OPTIONS,
  examples: [
    ['-A proj worker -l info', 'a child process for each CPU, all queues'],
    ['-A proj worker -c 4 -Q hipri,celery', 'four of them, two queues'],
    ['-A proj worker -P async -c 200', 'one process, many awaits'],
    ['-A proj worker -n w1@%h --pidfile=run/%n.pid --logfile=log/%n%I.log -D', 'in the background'],
    ['-A proj worker -- task.time_limit=60', 'with another setting'],
  ],
  async run(input, program) {
    const { runWorker } = await import('../run-worker.ts');
    return runWorker(input.options, input.rest, program);
  },
});
