import { defineCommand } from '../command.ts';
import { UsageError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';

const SHELLS = ['bash', 'zsh'] as const;

export const completion = defineCommand({
  name: 'completion',
  words: [
    { name: 'SHELL', help: 'bash or zsh; without it, the shell you use', choices: SHELLS, optional: true },
  ],
  options: {},
  examples: [
    ['completion bash >> ~/.bashrc', 'for every shell to come'],
    ['completion zsh >> ~/.zshrc', 'the same for zsh'],
  ],
  async run({ words: [given] }, program) {
    const shell = given ?? SHELLS.find((name) => program.terminal.env['SHELL']?.endsWith(`/${name}`));
    if (shell === undefined)
      throw new UsageError('Which shell?', { remedy: 'tq completion bash, or tq completion zsh.' });
    const { SCRIPTS } = await import('../completion-scripts.ts');
    program.out.print(SCRIPTS[shell as (typeof SHELLS)[number]]);
    return EXIT.ok;
  },
});
