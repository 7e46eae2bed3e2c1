import { defineCommand } from '../command.ts';
import { duration, flag, text } from '../option-kinds.ts';

export const result = defineCommand({
  name: 'result',
  words: [{ name: 'ID', help: 'The id of the task, as tq call prints it' }],
  about: [
    'Waits until the task has finished and prints what it returned: texts as they are, anything else as JSON. ' +
      'Ends with 0 when the task has succeeded, and with 1 when it failed, was revoked or has not finished.',
  ],
  options: {
    task: text('NAME', 'The name of the task, for messages: results know only ids', { short: 't' }),
    traceback: flag('Print where the task failed instead'),
    timeout: duration('Wait no longer than this', { otherwise: 'no limit' }),
    noWait: flag("Don't wait: print what there is now"),
    json: flag('Print JSON: {"id", "status", "result", "traceback", "children", "dateDone"}', { short: 'j' }),
  },
  examples: [
    ['-A proj result 1c9d…', 'waits, and prints 4'],
    ['-A proj result 1c9d… --timeout 5', 'gives up after five seconds'],
    ['-A proj result 1c9d… --no-wait --json', 'prints its state'],
  ],
  async run({ words: [id = ''], options }, program) {
    const app = await program.appOrBroker();
    const { printResult } = await import('../result-report.ts');
    return program.withApp(app, async () =>
      printResult(app.asyncResult(id), program.out, {
        task: options.task,
        json: options.json,
        traceback: options.traceback,
        timeout: options.timeout,
        wait: !options.noWait,
      }),
    );
  },
});
