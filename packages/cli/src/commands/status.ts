import { defineCommand } from '../command.ts';
import { REMOTE_OPTIONS } from '../remote-options.ts';

const { list: _, ...options } = REMOTE_OPTIONS;

export const status = defineCommand({
  name: 'status',
  about: ['Prints every worker that answers. Ends with 69 when none does.'],
  options,
  examples: [
    ['-A proj status', 'all workers'],
    ['-A proj status -t 5', 'where answers take long'],
  ],
  async run({ options: given }, program) {
    const { showStatus } = await import('../remote-call.ts');
    return showStatus(given, program);
  },
});
