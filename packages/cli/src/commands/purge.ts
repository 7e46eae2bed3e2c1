import { defineCommand } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { flag, list } from '../option-kinds.ts';

export const purge = defineCommand({
  name: 'purge',
  about: [
    'Removes every task that waits in the queues. Tasks that a worker has taken already are left alone. There is no way back.',
  ],
  options: {
    queues: list('NAMES', 'These queues, comma-separated', {
      short: 'Q',
      otherwise: 'all queues of the app',
    }),
    excludeQueues: list('NAMES', 'Not these', { short: 'X' }),
    force: flag("Don't ask", { short: 'f' }),
    json: flag('Print JSON: {"purged", "queues"}', { short: 'j' }),
  },
  examples: [
    ['-A proj purge', 'asks first'],
    ['-A proj purge -f -Q images,video', 'does it'],
  ],
  async run({ options }, program) {
    const { purgeQueues } = await import('../purge-queues.ts');
    const { consumedQueues } = await import('@tq/core/internal');
    const app = await program.appOrBroker();
    return program.withApp(app, async () => {
      const chosen = consumedQueues(app.config, {
        select: options.queues ?? [],
        exclude: options.excludeQueues ?? [],
      });
      // Of a broadcast queue there is one for each worker, gone with it.
      const queues = chosen.filter(({ broadcast }) => !broadcast).map(({ name }) => name);
      if (!options.force && !(await confirmed(queues))) {
        program.out.complain('Nothing was removed. Answer y, or give -f.');
        return EXIT.failure;
      }
      const counts = await purgeQueues(app, queues);
      if (options.json) program.out.json({ purged: total(counts), queues: counts });
      else
        for (const [queue, count] of Object.entries(counts))
          program.out.print(`${queue}: ${counted(count, 'message')} removed`);
      return EXIT.ok;
    });

    async function confirmed(queues: readonly string[]): Promise<boolean> {
      const { ask } = await import('../prompt.ts');
      program.out.complain(
        `This removes all waiting tasks from ${counted(queues.length, 'queue')}: ${queues.join(', ')}.\nThere is no undo. (To skip this question, give -f.)`,
      );
      const answer = await ask('Remove them? [y/N] ', program.terminal);
      return /^y(es)?$/i.test(answer.trim());
    }
  },
});

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
