import type { CallOptions } from '@tq/core';
import { defineCommand } from '../command.ts';
import type { Values } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { moment, momentOrSeconds } from '../moments.ts';
import { duration, flag, text, value, wholeNumber } from '../option-kinds.ts';

const WHEN = 'When';
const HOW = 'Where and how';

const options = {
  args: text('JSON', 'Arguments, a JSON array', { short: 'a', otherwise: '[]' }),
  kwargs: text('JSON', 'Named arguments, a JSON object', { short: 'k', otherwise: '{}' }),
  wait: flag('Wait for the result and print it in place of the id', { short: 'w' }),
  timeout: duration('Wait no longer than this', { otherwise: 'no limit' }),
  json: flag('Print JSON: {"id", "task"}; with --wait what tq result --json prints', { short: 'j' }),
  countdown: duration('Run at the earliest after this long', { group: WHEN }),
  eta: value('TIME', 'Run at the earliest then, ISO 8601', moment, { group: WHEN }),
  expires: value('TIME|SECONDS', "Don't start after this", momentOrSeconds, { group: WHEN }),
  queue: text('NAME', 'Send to this queue', { group: HOW, otherwise: "the app's routes" }),
  exchange: text('NAME', 'Publish to this exchange', { group: HOW }),
  routingKey: text('KEY', 'Publish with this routing key', { group: HOW }),
  priority: wholeNumber('N', 'Priority of the message, 0 to 255', { group: HOW, most: 255 }),
  serializer: text('NAME', 'Serialize the message with this', {
    group: HOW,
    otherwise: 'the setting taskSerializer',
  }),
};

export const call = defineCommand({
  name: 'call',
  words: [{ name: 'NAME', help: 'The name of the task, as it is registered' }],
  about: [
    'Prints the id of the task once the broker has confirmed it. The task may be one of another app or language: a name that ' +
      "this app doesn't know is sent all the same, with a note. Without -A a broker is enough: tq -b URL call NAME.",
  ],
  options,
  examples: [
    ["-A proj call proj.tasks.add -a '[2, 2]'", 'prints an id'],
    ["-A proj call proj.tasks.add -a '[2, 2]' --wait", 'prints 4'],
    [`-A proj call proj.tasks.mail -k '{"to": "a@b.c"}' --countdown 10m`, 'runs in ten minutes'],
    ['-b redis://localhost call py.tasks.clean --queue night', 'needs no app'],
  ],
  async run(input, program) {
    const [name = ''] = input.words;
    const { jsonArray, jsonObject } = await import('../json-argument.ts');
    const args = jsonArray(input.options.args ?? '[]', '-a/--args');
    const kwargs = jsonObject(input.options.kwargs ?? '{}', '-k/--kwargs');
    const app = await program.appOrBroker();
    return program.withApp(app, async () => {
      await program.importTasks(app, { for: name });
      const sent = await app.sendTask(name, args, { ...callOptions(input.options), kwargs });
      if (input.options.wait) {
        const { printResult } = await import('../result-report.ts');
        return printResult(sent, program.out, {
          task: name,
          json: input.options.json,
          timeout: input.options.timeout,
          wait: true,
        });
      }
      if (input.options.json) program.out.json({ id: sent.id, task: name });
      else program.out.print(sent.id);
      return EXIT.ok;
    });
  },
});

function callOptions(given: Values<typeof options>): CallOptions {
  const { countdown, eta, expires, queue, exchange, routingKey, priority, serializer } = given;
  const all = { countdown, eta, expires, queue, exchange, routingKey, priority, serializer };
  return Object.fromEntries(Object.entries(all).filter(([, one]) => one !== undefined));
}
