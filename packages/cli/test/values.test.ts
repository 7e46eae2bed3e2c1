import { jsonArray, jsonObject } from '../src/json-argument.ts';
import { moment, momentOrSeconds } from '../src/moments.ts';
import { readOverrides } from '../src/overrides.ts';
import { plain, shown } from '../src/printable.ts';
import { redacted } from '../src/redact.ts';

describe('JSON on the command line', () => {
  test('a mistake is shown, with a caret below it', () => {
    expect(() => jsonArray('[1, 2', '-a/--args')).toThrow(
      expect.objectContaining({
        message:
          '-a/--args: Malformed JSON at position 5: expected "," or "]", found the end.\n  [1, 2\n       ^',
        remedy: "For example: -a '[2, 2]'",
      }),
    );
  });

  test('of a long text the part around the mistake is shown', () => {
    const text = `[${'1,'.repeat(200)} oops, 2]`;
    const [, line = '', caret = ''] = catchMessage(() => jsonArray(text, '-a')).split('\n');
    expect(line.length).toBeLessThan(80);
    expect(line[caret.indexOf('^')]).toBe('o');
  });

  test('single quotes get a hint', () => {
    expect(() => jsonArray("['a']", '-a/--args')).toThrow(
      expect.objectContaining({ remedy: `In JSON, texts stand in double quotes: '["a"]'.` }),
    );
  });

  test('the wrong kind of value is named', () => {
    expect(() => jsonArray('{"a": 1}', '-a/--args')).toThrow(
      '-a/--args must be a JSON array such as [2, 2], not an object.',
    );
    expect(() => jsonObject('[1]', '-k/--kwargs')).toThrow(
      '-k/--kwargs must be a JSON object such as {"debug": true}, not an array.',
    );
  });

  test('an integer of any size stays exact', () => {
    expect(jsonArray('[12345678901234567890]', '-a')).toEqual([12345678901234567890n]);
  });
});

describe('moments', () => {
  test('are ISO 8601', () => {
    expect(moment('2030-01-31T12:00:00Z').toISOString()).toBe('2030-01-31T12:00:00.000Z');
    expect(momentOrSeconds('2030-01-31 12:00:00Z')).toEqual(new Date('2030-01-31T12:00:00Z'));
  });

  test('or seconds from now', () => {
    expect([momentOrSeconds('30'), momentOrSeconds('1.5'), momentOrSeconds('10m')]).toEqual([30, 1.5, '10m']);
  });

  test('and nothing else', () => {
    expect(() => moment('30')).toThrow('must be a time such as');
    expect(() => moment('2030-02-30T99:00:00Z')).toThrow('must be a time such as');
    expect(() => momentOrSeconds('tomorrow')).toThrow(
      'must be seconds from now, or a time such as 2030-01-31T12:00:00Z, not "tomorrow"',
    );
  });
});

describe('settings after --', () => {
  test('have any spelling, and JSON values where they are JSON', () => {
    expect(
      readOverrides([
        'worker.prefetch_multiplier=8',
        'taskTimeLimit=10s',
        'accept_content=["json"]',
        'task_dead_letter_queue=null',
      ]),
    ).toEqual({
      workerPrefetchMultiplier: 8,
      taskTimeLimit: '10s',
      acceptContent: ['json'],
      taskDeadLetterQueue: null,
    });
  });

  test('that do not exist are refused, with the nearest there is', () => {
    expect(() => readOverrides(['worker.prefetch_multiplyer=8'])).toThrow(
      'Did you mean workerPrefetchMultiplier?',
    );
    expect(() => readOverrides(['loud'])).toThrow('"loud" after "--" is no setting.');
  });
});

describe('results as text', () => {
  test.each([
    [4, '4'],
    ['four', 'four'],
    [null, 'null'],
    [undefined, 'undefined'],
    [{ a: [1, true] }, '{"a":[1,true]}'],
    [new Date(0), '1970-01-01T00:00:00.000Z'],
    [2n ** 70n, '1180591620717411303424'],
    [new Uint8Array([1, 2]), 'AQI='],
    [new Map([['a', new Set([1])]]), '{"a":[1]}'],
  ])('%p', (value, text) => {
    expect(shown(value)).toBe(text);
  });

  test('what has a form of its own in JSON keeps it', () => {
    expect(plain({ x: { toJSON: () => '10.50' } })).toEqual({ x: '10.50' });
  });
});

describe('a report', () => {
  test('has no secrets', () => {
    const settings = {
      brokerUrl: 'amqp://guest:hunter2@localhost//',
      brokerTransportOptions: {
        password: 'hunter2',
        sasl: { user: 'x' },
        apiKey: 'hunter2',
        heartbeat: 10,
        sentinels: [{ passphrase: 'hunter2' }],
      },
      list: ['redis://:hunter2@h/0'],
      taskDefaultRoutingKey: 'celery',
    };
    const text = JSON.stringify(redacted(settings));
    expect(text).not.toContain('hunter2');
    expect(text).toContain('"heartbeat":10');
    expect(text).toContain('"taskDefaultRoutingKey":"celery"');
  });

  test('names functions and patterns', () => {
    function toHipri(): void {}
    expect(redacted({ taskRoutes: [toHipri, [/x/, 'q']] })).toEqual({
      taskRoutes: ['[function toHipri]', ['/x/', 'q']],
    });
  });
});

function catchMessage(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('Nothing was thrown');
}
