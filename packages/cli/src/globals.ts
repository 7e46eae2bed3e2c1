import type { Options, Values } from './command.ts';
import { flag, text } from './option-kinds.ts';

/** Options of every command, before or after it. */
export const GLOBALS = {
  app: text('MODULE', 'The module of the app: proj, proj.tq, ./proj/tq.ts, or with its export, proj:app', {
    short: 'A',
    env: ['TQ_APP', 'CELERY_APP'],
  }),
  broker: text('URL', "Use this broker instead of the app's", {
    short: 'b',
    env: ['TQ_BROKER_URL', 'CELERY_BROKER_URL'],
  }),
  resultBackend: text('URL', "Use this result backend instead of the app's", {
    env: ['TQ_RESULT_BACKEND', 'CELERY_RESULT_BACKEND'],
  }),
  workdir: text('FOLDER', 'Go to this folder before anything else'),
  quiet: flag('Print results only: no banner, no headings, no notes', { short: 'q' }),
  noColor: flag('No colours; so does the variable NO_COLOR', { short: 'C' }),
  version: flag('Print the version'),
  help: flag('Print this help, or that of a command', { short: 'h' }),
} satisfies Options;

export type Globals = Values<typeof GLOBALS>;
