import { defineCommand } from '../command.ts';
import { commandList, commandNames, REMOTE_OPTIONS } from '../remote-options.ts';

export const control = defineCommand({
  name: 'control',
  words: [
    {
      name: 'METHOD',
      help: 'What to do, one of those below or one that the app has added',
      optional: true,
      suggestions: commandNames('control'),
    },
    { name: 'ARGUMENT', help: 'What the method takes', optional: true, many: true },
  ],
  about: [
    'Tells all workers, or those of -d, and prints what each of them answers. Ends with 69 when no worker answers.',
  ],
  options: REMOTE_OPTIONS,
  lists: [{ heading: 'Methods', rows: commandList('control') }],
  examples: [
    ['-A proj control enable_events', 'have all workers send task events'],
    ['-A proj control rate_limit proj.tasks.add 10/m', 'ten a minute, in each worker'],
    ['-A proj control revoke ID', 'not to run a task'],
    ['-A proj control shutdown -d celery@one', 'stop a worker'],
  ],
  async run(input, program) {
    const { callRemote } = await import('../remote-call.ts');
    return callRemote('control', input, program);
  },
});
