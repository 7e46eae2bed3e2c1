// What only Celery itself can tell of a format: it reads what tq writes, and tq what it writes.
import { execFileSync } from 'node:child_process';
import { createApp, registerType } from '@tq/core';
import type { Message } from '@tq/core';
import { decodeJson, encodeJson } from '@tq/core/internal';
import { memory } from '@tq/memory';

const python = process.env['TQ_TEST_PYTHON'];
const whenCelery = python === undefined ? describe.skip : describe;

/** Runs lines of Python with `given`, and gives what they print. */
function inPython(given: string, ...lines: readonly string[]): string {
  const head = ['import json, sys', 'given = sys.argv[1]'];
  return execFileSync(python!, ['-c', [...head, ...lines].join('\n'), given], {
    encoding: 'utf8',
    timeout: 25_000,
  });
}

class Money {
  readonly cents: number;

  constructor(cents: number) {
    this.cents = cents;
  }
}

whenCelery('Celery', () => {
  test('shares types that both sides have registered', () => {
    registerType(
      Money,
      'shop.Money',
      ({ cents }) => ({ cents }),
      ({ cents }) => new Money(cents),
    );
    const answer = inPython(
      encodeJson([new Money(250)]),
      'from kombu.utils.json import dumps, loads',
      'try:',
      '  from kombu.utils.json import register_type',
      'except ImportError:', // an older kombu
      '  print(given)',
      '  sys.exit()',
      'class Money:',
      '  def __init__(self, cents): self.cents = cents',
      'register_type(Money, "shop.Money", lambda m: {"cents": m.cents}, lambda d: Money(d["cents"]))',
      '[money] = loads(given)',
      'assert isinstance(money, Money), money',
      'print(dumps([money]))',
    );
    expect(decodeJson(answer)).toEqual([new Money(250)]);
  });

  test('reads calls in task protocol 1', async () => {
    const sent: Message[] = [];
    const app = createApp('t', {
      broker: { transport: listening(sent), url: 'memory://formats' },
      conf: { taskProtocol: 1 },
    });
    await app.sendTask('proj.add', [1, 'ü'], { kwargs: { z: 3 }, taskId: 'id-1', timeLimit: 9 });
    await app.close();
    const read = inPython(
      Buffer.from(sent[0]!.body).toString(),
      'from celery.worker.strategy import proto1_to_proto2',
      'class Message:',
      '  headers, properties = {}, {}',
      'body, headers, decoded, utc = proto1_to_proto2(Message(), json.loads(given))',
      'args, kwargs, embed = body',
      'print(json.dumps([args, kwargs, embed["callbacks"], headers["task"], headers["id"], headers["timelimit"], utc]))',
    );
    expect(JSON.parse(read)).toEqual([[1, 'ü'], { z: 3 }, null, 'proj.add', 'id-1', [9, null], true]);
  });
});

/** The broker in memory, with a copy of what is published to it. */
function listening(sent: Message[]): typeof memory {
  return {
    ...memory,
    async connect(url, options) {
      const connection = await memory.connect(url, options);
      const open = connection.openChannel.bind(connection);
      connection.openChannel = async () => {
        const channel = await open();
        const publish = channel.publish.bind(channel);
        channel.publish = (message, to) => {
          sent.push(message);
          return publish(message, to);
        };
        return channel;
      };
      return connection;
    },
  };
}
