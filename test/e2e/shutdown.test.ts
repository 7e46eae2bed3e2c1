// Stopping: warm, cold, by signal to one process or to the whole group, and by kill -9.
import type { App } from '@tq/core';
import { clientOf, until } from './support/client.ts';
import { Workplace } from './support/worker-process.ts';

let place: Workplace;
let app: App;

beforeEach(() => {
  place = new Workplace();
  app = clientOf(place);
});
afterEach(async () => {
  await app.close();
  place[Symbol.dispose]();
});

const call = <R = unknown>(task: string, args: readonly unknown[] = [], options = {}) =>
  app.sendTask<R>(`proj.tasks.${task}`, args, options);
const soon = { timeout: 30 };
const started = (name: string) => () => place.ledger().includes(`start ${name}`);

test('a warm stop finishes what runs and gives back what is reserved at once', async () => {
  const worker = await place.worker('-c', '1', '--prefetch-multiplier', '10').ready();
  const running = await call('nap', [1500, 'running']);
  await until('it runs', started('running'));
  const reserved = await Promise.all(Array.from({ length: 5 }, (_, i) => call('nap', [1, `reserved ${i}`])));
  // The whole group, as a terminal or a service manager does it.
  process.kill(-worker.pid, 'SIGTERM');
  const channel = await app.producer().channel();
  await until(
    'the reserved ones are back',
    async () => (await channel.declareQueue({ name: 'celery' })).messages === 5,
    1200,
  );
  expect(place.ledger()).not.toContain('end running');
  expect(await worker.exited).toBe(0);
  expect(place.ledger()).toEqual(['start running', 'end running']);
  expect(await running.get(soon)).toBe('running');
  expect(worker.children()).toEqual([]);

  await place.worker('-c', '2').ready();
  await Promise.all(reserved.map((each) => each.get(soon)));
  expect(place.ledger().filter((line) => line.startsWith('end reserved'))).toHaveLength(5);
});

test('TERM may come twice: running tasks finish all the same', async () => {
  const worker = await place.worker('-c', '1').ready();
  const nap = await call('nap', [1000, 'long']);
  await until('it runs', () => place.ledger().includes('start long'));
  worker.child.kill('SIGTERM');
  await worker.says('Warm shutdown');
  worker.child.kill('SIGTERM');
  expect(await worker.exited).toBe(0);
  expect(worker.output).not.toContain('Cold shutdown');
  expect(await nap.get({ timeout: 1 })).toBe('long');
});

test('a second Ctrl-C makes it cold: running tasks go back and run elsewhere', async () => {
  const worker = await place.worker('-c', '2').ready();
  const stubborn = await call('spin', [600_000]);
  const obedient = await call('obedient', [600_000, 'long']);
  await until('both run', () => place.ledger().length === 2);
  worker.child.kill('SIGINT');
  await worker.says('Warm shutdown');
  worker.child.kill('SIGINT');
  expect(await worker.exited).toBe(1);
  expect(worker.output).toContain('Cold shutdown');
  expect(worker.children()).toEqual([]);
  expect([await stubborn.state(), await obedient.state()]).toEqual(['PENDING', 'PENDING']);

  const before = place.ledger().length;
  await place.worker('-c', '2').ready();
  await until('both run again', () => place.ledger().length === before + 2, 5000);
});

test('QUIT is cold at once', async () => {
  const worker = await place.worker('-c', '1').ready();
  await call('spin', [600_000]);
  await until('it runs', () => place.ledger().length === 1);
  worker.child.kill('SIGQUIT');
  expect(await worker.exited).toBe(1);
  expect(worker.children()).toEqual([]);
});

test('kill -9 of parent and children in the middle of 200 tasks loses none', async () => {
  const ids = await Promise.all(Array.from({ length: 200 }, (_, i) => call('nap', [20, `t${i}`])));
  const first = place.worker('-c', '2');
  await until('some have run', () => place.ledger().filter((line) => line.startsWith('end')).length >= 40);
  first.killAll();
  await first.exited;
  await place.worker('-c', '2').ready();
  const results = await Promise.all(ids.map((each) => each.get(soon)));
  expect(results).toEqual(ids.map((_, i) => `t${i}`));
  const starts = new Map<string, number>();
  const ends = new Map<string, number>();
  for (const line of place.ledger()) {
    const [what, name] = line.split(' ') as [string, string];
    const counts = what === 'start' ? starts : ends;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  expect(starts.size).toBe(200);
  // Twice started: only what ran, or had ended without being acknowledged yet, when the worker was killed.
  const twice = [...starts.values()].filter((count) => count > 1);
  expect(Math.max(...starts.values())).toBeLessThanOrEqual(2);
  expect(twice.length).toBeLessThanOrEqual(6);
}, 60_000);

test('a child whose parent was killed ends by itself', async () => {
  const worker = await place.worker('-c', '2').ready();
  expect(worker.children().length).toBeGreaterThanOrEqual(2);
  process.kill(worker.pid, 'SIGKILL');
  await worker.exited;
  await until('the children are gone', () => worker.children().length === 0, 5000);
});
