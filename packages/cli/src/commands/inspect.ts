import { defineCommand } from '../command.ts';
import { commandList, commandNames, REMOTE_OPTIONS } from '../remote-options.ts';

export const inspect = defineCommand({
  name: 'inspect',
  words: [
    {
      name: 'METHOD',
      help: 'What to ask, one of those below or one that the app has added',
      optional: true,
      suggestions: commandNames('inspect'),
    },
    { name: 'ARGUMENT', help: 'What the method takes', optional: true, many: true },
  ],
  about: [
    'Asks all workers, or those of -d, and prints what each of them answers; nothing is changed. ' +
      'Ends with 69 when no worker answers.',
  ],
  options: REMOTE_OPTIONS,
  lists: [{ heading: 'Methods', rows: commandList('inspect') }],
  examples: [
    ['-A proj inspect active', 'tasks that run now'],
    ['-A proj inspect stats -d celery@one,celery@two --json', 'numbers of two workers, for programs'],
    ['-A proj inspect query_task ID', 'where a task is'],
  ],
  async run(input, program) {
    const { callRemote } = await import('../remote-call.ts');
    return callRemote('inspect', input, program);
  },
});
