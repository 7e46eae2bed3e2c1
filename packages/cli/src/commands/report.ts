import { defineCommand } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { flag } from '../option-kinds.ts';

export const report = defineCommand({
  name: 'report',
  about: [
    'Passwords, tokens and keys are left out, of settings and of URLs; look it over all the same before you publish it.',
  ],
  options: { json: flag('Print JSON', { short: 'j' }) },
  examples: [
    ['-A proj report', 'prints a page'],
    ['report', 'without an app: versions and platform only'],
  ],
  async run({ options }, program) {
    const { describe, page } = await import('../report-page.ts');
    const app = program.appSpec === undefined ? undefined : (await program.loadApp()).app;
    const description = await describe(app);
    if (options.json) program.out.json(description);
    else program.out.print(page(description));
    return EXIT.ok;
  },
});
