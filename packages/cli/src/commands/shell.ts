import { defineCommand } from '../command.ts';
import { flag } from '../option-kinds.ts';

export const shell = defineCommand({
  name: 'shell',
  about: [
    'A Node console where await works. It has app, tasks (all of them, by name), each task by the last part of its name, ' +
      'signature(name, args), asyncResult(id) and importFile(path).',
  ],
  options: { withoutTasks: flag("Don't import the modules with tasks", { short: 'T' }) },
  examples: [
    ['-A proj shell', '> await add.delay(2, 2).get()'],
    ["-A proj shell <<< 'Object.keys(tasks)'", 'reads from a script as well'],
  ],
  async run({ options }, program) {
    const { app } = await program.loadApp();
    const { openShell } = await import('../shell.ts');
    return program.withApp(app, () => openShell(app, { program, withTasks: !options.withoutTasks }));
  },
});
