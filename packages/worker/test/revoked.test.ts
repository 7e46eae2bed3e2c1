import { createApp } from '@tq/core';
import { FakeClock } from '@tq/testkit';
import { makeRevoked, Revoked } from '../src/revoked.ts';

let clock: FakeClock;
beforeEach(() => (clock = new FakeClock()));

const revoked = (limits: { readonly most?: number; readonly expiresMs?: number } = {}): Revoked =>
  new Revoked({ clock, most: 100, expiresMs: 10_000, ...limits });
const request = (id: string, stamps: Readonly<Record<string, unknown>> = {}) => ({ id, stamps });

test('an id is forgotten when it is old, and the oldest when there are too many', async () => {
  const set = revoked({ most: 2 });
  set.add(['a']);
  await clock.advance(6000);
  set.add(['b']);
  await clock.advance(6000);
  expect([set.has(request('a')), set.has(request('b'))]).toEqual([false, true]);
  set.add(['c', 'd']);
  expect(set.ids).toEqual(['c', 'd']);
});

test('naming an id again makes it young', async () => {
  const set = revoked();
  set.add(['a', 'b']);
  await clock.advance(6000);
  set.add(['a']);
  await clock.advance(6000);
  expect(set.ids).toEqual(['a']);
});

test('stamps fit when one value is among those that are revoked, whether listed or alone', () => {
  const set = revoked();
  set.addStamps({ customer: ['a', 'b'], batch: 7 });
  const has = (stamps: object): boolean => set.has({ id: 'x', stamps: { ...stamps } });
  expect([has({ customer: 'a' }), has({ customer: ['z', 'b'] }), has({ batch: [7] })]).toEqual([
    true,
    true,
    true,
  ]);
  expect([has({}), has({ customer: 'z' }), has({ batch: '7' }), has({ other: 'a' })]).toEqual([
    false,
    false,
    false,
    false,
  ]);
});

test('what it tells others is bounded, leaves out what they know, and has times that Python takes', () => {
  const set = revoked();
  set.add(Array.from({ length: 50 }, (_, n) => `id-${n}`));
  const wire = set.toWire(3, { 'id-49': [1.5, 'id-49'] });
  expect(Object.keys(wire)).toEqual(['id-46', 'id-47', 'id-48']);
  for (const [id, [seconds, again]] of Object.entries(wire)) {
    expect(again).toBe(id);
    expect(String(seconds)).toMatch(/^\d+\.\d+$/);
  }
});

test('it takes over what others tell, and nothing from what is no map', () => {
  const set = revoked();
  set.merge({ a: [1.5, 'a'], b: null });
  for (const nonsense of [null, undefined, 7, 'text']) set.merge(nonsense);
  expect(set.ids).toEqual(['a', 'b']);
});

test('its limits come by settings, and by the variables of Celery', () => {
  const app = createApp('limits', { conf: { workerRevokesMax: 1 } });
  const set = makeRevoked(app);
  set.add(['a', 'b']);
  expect(set.ids).toEqual(['b']);
  process.env['CELERY_WORKER_REVOKES_MAX'] = '2';
  try {
    const other = makeRevoked(app);
    other.add(['a', 'b', 'c']);
    expect(other.ids).toEqual(['b', 'c']);
  } finally {
    delete process.env['CELERY_WORKER_REVOKES_MAX'];
  }
});
