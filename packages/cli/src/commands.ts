import type { Command } from './command.ts';

/** A command before it is needed. */
export interface Entry {
  readonly summary: string;
  load(): Promise<Command>;
}

/** Commands of Celery's that tq doesn't have yet. */
export const NOT_YET: readonly string[] = ['beat', 'graph', 'amqp', 'migrate', 'upgrade', 'logtool'];

/** Every command, in the order of the help. A command's own file is read when it is run, or when it is asked for its help. */
export const COMMANDS: Readonly<Record<string, Entry>> = {
  worker: {
    summary: 'Start a worker, which runs tasks',
    load: async () => (await import('./commands/worker.ts')).worker,
  },
  multi: {
    summary: 'Start, restart and stop several workers at once',
    load: async () => (await import('./commands/multi.ts')).multi,
  },
  call: {
    summary: 'Send a task, by its name',
    load: async () => (await import('./commands/call.ts')).call,
  },
  result: {
    summary: 'Print the result of a task, by its id',
    load: async () => (await import('./commands/result.ts')).result,
  },
  list: {
    summary: 'List the queues of an app and what feeds them',
    load: async () => (await import('./commands/list.ts')).list,
  },
  inspect: {
    summary: 'Ask running workers what they do',
    load: async () => (await import('./commands/inspect.ts')).inspect,
  },
  control: {
    summary: 'Change what running workers do',
    load: async () => (await import('./commands/control.ts')).control,
  },
  status: {
    summary: 'Show which workers run',
    load: async () => (await import('./commands/status.ts')).status,
  },
  purge: {
    summary: 'Remove all waiting tasks from queues',
    load: async () => (await import('./commands/purge.ts')).purge,
  },
  events: {
    summary: 'Watch workers and tasks, in the terminal or as lines',
    load: async () => (await import('./commands/events.ts')).events,
  },
  report: {
    summary: 'Print versions, platform and settings, for bug reports',
    load: async () => (await import('./commands/report.ts')).report,
  },
  shell: {
    summary: 'Open a console with the app and its tasks',
    load: async () => (await import('./commands/shell.ts')).shell,
  },
  completion: {
    summary: 'Print the script that completes command lines',
    load: async () => (await import('./commands/completion.ts')).completion,
  },
};
