import { defineCommand } from '../command.ts';
import type { Values } from '../command.ts';
import { duration, flag, list, text } from '../option-kinds.ts';

const CAMERA = 'Camera';

export const EVENTS_OPTIONS = {
  dump: flag('Print events as they come, one to a line', { short: 'd' }),
  json: flag('With --dump: one JSON object to a line', { short: 'j' }),
  types: list('TYPES', 'With --dump: only these, such as task-failed,worker-offline', { short: 't' }),
  camera: text('MODULE', 'Take pictures of the cluster with the function that this module exports', {
    short: 'c',
    group: CAMERA,
  }),
  frequency: duration('Time between two pictures', {
    short: 'F',
    also: ['freq'],
    group: CAMERA,
    otherwise: '1',
  }),
  maxrate: text('RATE', 'No more pictures than this: a number a second, or 10/m', {
    short: 'r',
    group: CAMERA,
    otherwise: 'no limit',
  }),
};

export type EventsValues = Values<typeof EVENTS_OPTIONS>;

export const events = defineCommand({
  name: 'events',
  about: [
    'Shows what workers and tasks do: as a monitor that fills the terminal, or with --dump as lines. Workers tell of tasks only ' +
      'with tq worker -E, or once tq control enable_events has been run; of themselves they tell always.',
    'A camera is a module that exports a function shutter(state), or one as its default: it gets workers and tasks as they are ' +
      'known, at intervals.',
  ],
  options: EVENTS_OPTIONS,
  examples: [
    ['-A proj events', 'the monitor; ? tells its keys'],
    ['-A proj events --dump', 'every event, until Ctrl-C'],
    ['-A proj events --dump --json -t task-failed', 'failures, for a program'],
    ['-A proj events --camera ./camera.ts -F 10', 'a picture every ten seconds'],
  ],
  async run({ options }, program) {
    const { runEvents } = await import('../events/run-events.ts');
    return runEvents(options, program);
  },
});
