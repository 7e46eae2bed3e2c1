import { defineCommand } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { flag } from '../option-kinds.ts';

export const list = defineCommand({
  name: 'list',
  words: [
    {
      name: 'WHAT',
      help: 'bindings: each queue of the app, with the exchange and the routing key that feed it',
      choices: ['bindings'],
    },
  ],
  about: [
    "Tells what the app's settings declare (taskQueues and the default queue); the broker isn't asked.",
  ],
  options: { json: flag('Print JSON: [{"queue", "exchange", "type", "routingKey"}]', { short: 'j' }) },
  examples: [['-A proj list bindings', 'prints a table']],
  async run({ options }, program) {
    const { definedQueues } = await import('@tq/core/internal');
    const { app } = await program.loadApp();
    const bindings = [...definedQueues(app.config).values()].map(
      ({ name, exchange, exchangeType, routingKey }) => ({
        queue: name,
        exchange,
        type: exchangeType,
        routingKey,
      }),
    );
    if (options.json) {
      program.out.json(bindings);
      return EXIT.ok;
    }
    const { table } = await import('../columns.ts');
    const heading = program.globals.quiet ? [] : [['Queue', 'Exchange', 'Type', 'Routing key']];
    program.out.print(table([...heading, ...bindings.map((binding) => Object.values(binding))]));
    return EXIT.ok;
  },
});
