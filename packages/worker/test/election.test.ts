import type { EventSink } from '@tq/core';
import type { ReceivedEvent } from '@tq/events';
import { FakeClock, memoryLogger } from '@tq/testkit';
import { Election } from '../src/presence/election.ts';

/** Workers that hear each other's events, their own among them. */
function fleet(...hostnames: readonly string[]) {
  const clock = new FakeClock();
  const won: string[] = [];
  const logger = memoryLogger();
  let lamport = 0;
  const elections: Election[] = hostnames.map((hostname) => {
    const sink = {
      enabled: false,
      send: (type: string, fields: object) => {
        lamport += 1;
        const event = {
          type,
          hostname,
          pid: process.pid,
          clock: lamport,
          timestamp: 0,
          local_received: 0,
          ...fields,
        };
        queueMicrotask(() => elections.forEach((each) => each.hear(event as unknown as ReceivedEvent)));
      },
    } as unknown as EventSink;
    const topics = { task: async (action: unknown) => void won.push(`${hostname} ${String(action)}`) };
    return new Election({ clock, sink, logger, hostname, topics });
  });
  return { clock, won, logger, elections };
}

test('of several workers one does it, the one that announced itself first', async () => {
  const { clock, won, elections } = fleet('w1@host', 'w2@host', 'w3@host');
  for (const election of elections.toReversed()) election.stand('e', 'task', 'run');
  await clock.advance(2000);
  expect(won).toEqual(['w3@host run']);
  expect(clock.waiting).toBe(0);
});

test('a worker alone does it', async () => {
  const { clock, won, elections } = fleet('w1@host');
  elections[0]?.stand('e', 'task', 'run');
  await clock.advance(2000);
  expect(won).toEqual(['w1@host run']);
});

test('who was not asked does not stand, and only hears', async () => {
  const { clock, won, elections } = fleet('w1@host', 'w2@host');
  elections[1]?.stand('e', 'task', 'run');
  await clock.advance(2000);
  expect(won).toEqual(['w2@host run']);
});

test('a topic that nobody knows is told of', async () => {
  const { clock, won, logger, elections } = fleet('w1@host');
  elections[0]?.stand('e', 'constructor', 'run');
  await clock.advance(2000);
  expect(won).toEqual([]);
  expect(logger.find('error', 'Unknown election topic')).toHaveLength(1);
});
