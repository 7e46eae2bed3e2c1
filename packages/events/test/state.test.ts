import { FakeClock, memoryLogger } from '@tq/testkit';
import { ClusterState } from '../src/state.ts';
import { received } from './support/events.ts';

const vitals = {
  freq: 2,
  active: 1,
  processed: 7,
  loadavg: [1, 2, 3],
  sw_ident: 'tq',
  sw_ver: '1',
  sw_sys: 'Linux',
};

function cluster(limits: { readonly maxTasks?: number; readonly maxWorkers?: number } = {}) {
  const clock = new FakeClock(1_767_225_600_000);
  const logger = memoryLogger();
  return { clock, logger, state: new ClusterState({ clock, logger, ...limits }) };
}

describe('tasks', () => {
  test('go from sent to succeeded, with what each event tells', () => {
    const { state } = cluster();
    const client = { hostname: 'gen1@client', pid: 9 };
    state.event(
      received('task-sent', { uuid: 'a', name: 'add', args: '(1,)', kwargs: '{}', queue: 'q' }, client),
    );
    expect(state.tasks.get('a')).toMatchObject({
      state: 'PENDING',
      client: 'gen1@client',
      worker: undefined,
      queue: 'q',
    });
    state.event(
      received('task-received', { uuid: 'a', name: 'add', args: '(1,)', retries: 0, root_id: 'a' }),
    );
    state.event(received('task-started', { uuid: 'a' }));
    expect(state.tasks.get('a')).toMatchObject({
      state: 'STARTED',
      worker: 'w1@host',
      rootId: 'a',
      retries: 0,
    });
    state.event(received('task-succeeded', { uuid: 'a', result: '3', runtime: 0.5 }));
    expect(state.tasks.get('a')).toMatchObject({ state: 'SUCCESS', result: '3', runtime: 0.5, name: 'add' });
    expect([state.eventCount, state.taskEventCount]).toEqual([4, 4]);
  });

  test('a late event of the same process fills in what it knows and takes nothing back', () => {
    const { state } = cluster();
    const early = received('task-received', { uuid: 'a', name: 'add', args: '(1,)' });
    state.event(received('task-succeeded', { uuid: 'a', result: '3', runtime: 1 }));
    state.event(early);
    expect(state.tasks.get('a')).toMatchObject({
      state: 'SUCCESS',
      name: 'add',
      args: '(1,)',
      received: early.timestamp,
    });
  });

  test('a late event of another process, whatever its clock, does neither', () => {
    const { state } = cluster();
    state.event(received('task-started', { uuid: 'a' }));
    state.event(received('task-sent', { uuid: 'a', name: 'add' }, { hostname: 'gen1@client', pid: 9 }));
    expect(state.tasks.get('a')).toMatchObject({ state: 'STARTED', name: 'add', worker: 'w1@host' });
  });

  test('a retry begins anew, on another worker too', () => {
    const { state } = cluster();
    const other = { hostname: 'w2@host', pid: 2 };
    state.event(received('task-started', { uuid: 'a' }));
    state.event(received('task-retried', { uuid: 'a', exception: "E('x')", traceback: null }));
    expect(state.tasks.get('a')).toMatchObject({ state: 'RETRY', exception: "E('x')" });
    state.event(received('task-received', { uuid: 'a', name: 'add', retries: 1 }, other));
    expect(state.tasks.get('a')).toMatchObject({ state: 'RECEIVED', worker: 'w2@host', retries: 1 });
  });

  test('a worker that began again, with its clock at zero, is believed', () => {
    const { state } = cluster();
    state.event({ ...received('task-started', { uuid: 'a' }), clock: 500 });
    state.event({ ...received('task-succeeded', { uuid: 'a' }, { pid: 2 }), clock: 3 });
    expect(state.tasks.get('a')?.state).toBe('SUCCESS');
  });

  test('an event of a type of its own is a state, and is kept', () => {
    const { state } = cluster();
    state.event(received('task-started', { uuid: 'a' }));
    state.event(received('task-progress', { uuid: 'a', percent: 50 }));
    expect(state.tasks.get('a')).toMatchObject({ state: 'PROGRESS', custom: { percent: 50 } });
  });

  test('are found by name, worker and state, the newest first', () => {
    const { state } = cluster();
    for (const [uuid, name, hostname] of [
      ['a', 'add', 'w1@host'],
      ['b', 'mul', 'w1@host'],
      ['c', 'add', 'w2@host'],
    ] as const)
      state.event(received('task-received', { uuid, name }, { hostname }));
    state.event(received('task-started', { uuid: 'a' }));
    const ids = (query: Parameters<ClusterState['query']>[0]) => state.query(query).map(({ uuid }) => uuid);
    expect(ids({})).toEqual(['a', 'c', 'b']);
    expect(ids({ limit: 2 })).toEqual(['a', 'c']);
    expect(ids({ name: 'add' })).toEqual(['a', 'c']);
    expect(ids({ worker: 'w1@host' })).toEqual(['a', 'b']);
    expect(ids({ state: 'STARTED' })).toEqual(['a']);
    expect(state.taskTypes()).toEqual(['add', 'mul']);
    expect(state.countByState()).toEqual({ RECEIVED: 2, STARTED: 1 });
  });

  test('of too many the ones least recently heard of are forgotten', () => {
    const { state } = cluster({ maxTasks: 3 });
    for (const uuid of ['a', 'b', 'c']) state.event(received('task-received', { uuid }));
    state.event(received('task-started', { uuid: 'a' }));
    state.event(received('task-received', { uuid: 'd' }));
    expect([...state.tasks.keys()].sort()).toEqual(['a', 'c', 'd']);
    state.event(received('task-succeeded', { uuid: 'a' }));
    state.clearTasks();
    expect([...state.tasks.keys()].sort()).toEqual(['c', 'd']);
    state.clearTasks('all');
    expect(state.tasks.size).toBe(0);
  });
});

describe('workers', () => {
  test('live for two of their heartbeats, and are forgotten when they say good-bye', async () => {
    const { clock, state } = cluster();
    const now = (): { readonly local_received: number; readonly timestamp: number } => ({
      local_received: clock.now() / 1000,
      timestamp: clock.now() / 1000,
    });
    state.event(received('worker-online', { ...vitals, ...now() }));
    expect(state.workers.get('w1@host')).toMatchObject({ active: 1, processed: 7, swIdent: 'tq', pid: 1 });
    expect(state.aliveWorkers()).toHaveLength(1);
    await clock.advance(3999);
    expect(state.aliveWorkers()).toHaveLength(1);
    await clock.advance(1);
    expect(state.aliveWorkers()).toHaveLength(0);
    expect(state.forgetLost().map(({ hostname }) => hostname)).toEqual(['w1@host']);
    expect(state.workers.size).toBe(0);
    state.event(received('worker-heartbeat', { ...vitals, freq: 10, ...now() }));
    await clock.advance(19_000);
    expect(state.aliveWorkers()).toHaveLength(1);
    state.event(received('worker-offline', vitals));
    expect(state.workers.size).toBe(0);
  });

  test('are bounded', () => {
    const { state } = cluster({ maxWorkers: 2 });
    for (const hostname of ['a', 'b', 'c']) state.event(received('worker-heartbeat', vitals, { hostname }));
    expect([...state.workers.keys()]).toEqual(['b', 'c']);
  });

  test('with a clock that differs are named once', () => {
    const { logger, state } = cluster();
    for (let beat = 0; beat < 3; beat++)
      state.event(received('worker-heartbeat', { ...vitals, timestamp: 1_767_225_000 }));
    expect(logger.find('warn', 'The clock of w1@host differs')).toHaveLength(1);
  });
});
