import type { App } from '@tq/core';
import { EventReceiver } from '@tq/events';
import type { ReceivedEvent } from '@tq/events';
import type { Program } from '../program.ts';
import { wake } from './wake.ts';

/** Tasks whose names are remembered, for the events that bring only an id. */
const MOST_NAMES = 10_000;

export interface DumpOptions {
  readonly app: App;
  readonly program: Program;
  readonly signal: AbortSignal;
  readonly types: readonly string[] | undefined;
  readonly json: boolean;
}

/** Prints events until the signal fires, or nobody reads any more. */
export async function dumpEvents({ app, program, signal, types, json }: DumpOptions): Promise<void> {
  const { stdout } = program.terminal;
  const stop = new AbortController();
  const end = (): void => stop.abort();
  stdout.on('error', end); // such as the end of a pipe
  const lines = new EventLines();
  const receiver = new EventReceiver({
    app,
    ...(types ? { types } : {}),
    handlers: {
      '*': (event) => void stdout.write(`${json ? JSON.stringify(event) : lines.lineOf(event)}\n`),
    },
    onListening: async () => {
      program.out.note('Listening to events; Ctrl-C ends it.');
      await wake(app);
    },
  });
  try {
    await receiver.capture({ signal: AbortSignal.any([signal, stop.signal]) });
  } finally {
    stdout.off('error', end);
  }
  if (receiver.malformed > 0) program.out.note(`${receiver.malformed} messages were no events.`);
}

/** What people call them. */
const SAID: Readonly<Record<string, string>> = {
  'worker-online': 'started',
  'worker-offline': 'shutdown',
  'worker-heartbeat': 'heartbeat',
};

const SHOWN_APART = new Set(['hostname', 'timestamp', 'type']);
const OF_TASKS = new Set([...SHOWN_APART, 'uuid', 'name', 'args', 'kwargs']);

/** Events as lines, as Celery dumps them. */
export class EventLines {
  readonly #names = new Map<string, string>();

  lineOf(event: ReceivedEvent): string {
    const { hostname, type, timestamp } = event;
    const isTask = type.startsWith('task-');
    const what = SAID[type] ?? type.replaceAll('-', ' ');
    const task = isTask ? ` ${this.#taskOf(event)}` : '';
    const fields = fieldsOf(event, isTask ? OF_TASKS : SHOWN_APART);
    const rest = `${task}${fields && ` ${fields}`}`;
    return oneLine(`${hostname} [${timeOf(timestamp)}] ${what}${rest && ':'}${rest}`);
  }

  #taskOf({ uuid, name, args, kwargs }: ReceivedEvent): string {
    const id = String(uuid);
    if (typeof name !== 'string') return this.#names.get(id) ?? id;
    const text = `${name}(${id}) args=${String(args)} kwargs=${String(kwargs)}`;
    this.#names.set(id, text);
    if (this.#names.size > MOST_NAMES) this.#names.delete(this.#names.keys().next().value as string);
    return text;
  }
}

function fieldsOf(event: ReceivedEvent, without: ReadonlySet<string>): string {
  return Object.keys(event)
    .filter((key) => !without.has(key))
    .sort()
    .map((key) => `${key}=${shown(event[key])}`)
    .join(', ');
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** `2026-11-22 15:56:43.859+00:00` */
function timeOf(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime())
    ? String(seconds)
    : date.toISOString().replace('T', ' ').replace('Z', '+00:00');
}

/** One event, one line; and nothing in it that a terminal would take for a command. */
function oneLine(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these are meant
  return text.replaceAll(/[\u0000-\u001F\u007F-\u009F]/g, (char) => (char === '\n' ? '\\n' : '\uFFFD'));
}
