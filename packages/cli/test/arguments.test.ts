import { COMMANDS } from '../src/commands.ts';
import { call } from '../src/commands/call.ts';
import { result } from '../src/commands/result.ts';
import { worker } from '../src/commands/worker.ts';
import type { Command } from '../src/command.ts';
import { parse } from '../src/parse.ts';
import { scan } from '../src/scan.ts';

/** As the program does: the command is found first, then its options are read. */
async function read(command: Command, line: string) {
  return parse(command, scan(line.split(' ')).others);
}

describe('options of every command', () => {
  test.each([
    '-A proj worker',
    'worker -A proj',
    'worker --app=proj',
    '--app proj worker',
    '-Aproj worker',
    'worker -Aproj',
  ])('stand before or after it: %s', async (line) => {
    expect(scan(line.split(' ')).command).toBe('worker');
    expect((await read(worker, line)).globals).toEqual({ app: 'proj' });
  });

  test('an option that takes a value does not take the command for it', () => {
    expect(scan(['-b', 'call', 'call', 'x']).command).toBe('call');
    expect(scan(['-q', 'call', 'x'])).toMatchObject({ command: 'call', others: ['-q', 'x'] });
  });

  test('an option of a command before it is refused, with the place where it belongs', () => {
    expect(() => scan(['-l', 'info', 'worker'])).toThrow(
      expect.objectContaining({
        message: '-l is not an option of tq itself.',
        remedy: 'Options of a command stand after it: tq COMMAND -l …',
      }),
    );
  });
});

describe('options of a command', () => {
  test.each([
    ['-l info', { loglevel: 'INFO' }],
    ['-linfo', { loglevel: 'INFO' }],
    ['-L Debug', { loglevel: 'DEBUG' }],
    ['--loglevel=WARNING', { loglevel: 'WARNING' }],
    ['-c4', { concurrency: 4 }],
    ['-E', { taskEvents: true }],
    ['--events', { taskEvents: true }],
    ['--without-heartbeat --without-gossip', { withoutHeartbeat: true, withoutGossip: true }],
    ['--heartbeat-interval 5', { heartbeatInterval: 5 }],
    ['--discard', { purge: true }],
    ['-Q a,b -Q c', { queues: ['a', 'b', 'c'] }],
    ['--prefetch-multiplier auto', { prefetchMultiplier: 'auto' }],
    ['--prefetch-multiplier 8', { prefetchMultiplier: 8 }],
    ['--time-limit 1.5', { timeLimit: 1.5 }],
    ['--soft-time-limit 10m', { softTimeLimit: '10m' }],
    ['-c 1 -c 2', { concurrency: 2 }],
    ['-c 0', '-c/--concurrency must be a whole number of at least 1, not "0".'],
    ['-c', '-c/--concurrency needs a value: N.'],
    ['-c -Q a', '-c/--concurrency needs a value: N.'],
    ['-l loud', '-l/--loglevel must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL, FATAL, not "loud".'],
    [
      '--time-limit soon',
      '--time-limit must be seconds, or a number with its unit such as 250ms, 10s, 5m or 1h, not "soon".',
    ],
    ['stray', `tq worker doesn't know what to do with "stray".`],
  ])('%s', async (line, expected) => {
    const reading = read(worker, `worker ${line}`);
    if (typeof expected === 'string') await expect(reading).rejects.toThrow(expected);
    else {
      const { globals, options } = await reading;
      expect({ ...options }).toEqual({ ...expected, ...globals });
    }
  });

  test('a mistyped one is refused, with the nearest there is', async () => {
    await expect(read(worker, 'worker --concurency 3')).rejects.toMatchObject({
      message: 'tq worker has no option --concurency.',
      remedy: 'Did you mean --concurrency?',
    });
  });

  test('one that turns off is not made of one that turns on', async () => {
    await expect(read(worker, 'worker --no-purge')).rejects.toThrow('tq worker has no option --no-purge.');
  });

  test('values stay texts: an id of digits only keeps its zeros', async () => {
    expect((await read(result, 'result 0123')).words).toEqual(['0123']);
  });

  test('what follows -- is not read', async () => {
    const { rest, options } = await read(worker, 'worker -c 2 -- worker.prefetch_multiplier=8 -c');
    expect(rest).toEqual(['worker.prefetch_multiplier=8', '-c']);
    expect(options.concurrency).toBe(2);
    await expect(read(result, 'result x -- y')).rejects.toThrow('tq result takes nothing after "--".');
  });

  test('a missing word is asked for', async () => {
    await expect(read(call, 'call')).rejects.toMatchObject({
      message: 'tq call needs NAME: The name of the task, as it is registered.',
      remedy: 'Usage: tq -A MODULE call NAME [options]',
    });
  });
});

test('no name of an option is used twice, in any command', async () => {
  const { GLOBALS } = await import('../src/globals.ts');
  const { namesOf } = await import('../src/command.ts');
  for (const [name, entry] of Object.entries(COMMANDS)) {
    const command = await entry.load();
    expect(command.name).toBe(name);
    const names = Object.entries({ ...GLOBALS, ...command.options }).flatMap(([key, option]) =>
      namesOf(key, option),
    );
    expect(names).toEqual([...new Set(names)]);
  }
});

test('the pools are those that the worker knows', async () => {
  const { POOL_NAMES } = await import('@tq/pool');
  expect([...(worker.options.pool.choices ?? [])].sort()).toEqual([...POOL_NAMES].sort());
});
