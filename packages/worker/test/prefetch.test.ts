import { PrefetchWindow } from '../src/consume/prefetch.ts';

const auto = () => new PrefetchWindow({ multiplier: 'auto', disabled: false });

test('an automatic window begins without a reserve', () => {
  expect(auto().size(4)).toBe(4);
});

test('short tasks get a reserve of about 50 ms, long ones none', () => {
  const short = auto();
  short.ran(1);
  expect(short.size(2)).toBe(2 * (1 + 32));
  const long = auto();
  long.ran(200);
  expect(long.size(2)).toBe(2);
});

test('one long task ends the reserve at once, many short ones bring it back', () => {
  const window = auto();
  for (let i = 0; i < 50; i++) window.ran(0.5);
  expect(window.size(1)).toBeGreaterThan(50);
  window.ran(300);
  expect(window.size(1)).toBe(1);
  for (let i = 0; i < 100; i++) window.ran(0.5);
  expect(window.size(1)).toBeGreaterThan(50);
});

test('a short task that took long once, while memory was cleaned up, leaves the window as it is', () => {
  const window = auto();
  for (let i = 0; i < 50; i++) window.ran(0.02);
  const size = window.size(1);
  window.ran(10);
  expect(window.size(1)).toBe(size);
  window.ran(10);
  expect(window.size(1)).toBeLessThan(size);
});

test('the window changes in big steps only', () => {
  const window = auto();
  const sizes = new Set<number>();
  for (let i = 0; i < 200; i++) {
    window.ran(0.8 + 0.4 * (i % 3));
    sizes.add(window.size(1));
  }
  expect(sizes.size).toBeLessThanOrEqual(2);
});

test('the reserve is bounded however short the tasks are', () => {
  const window = auto();
  window.ran(0);
  expect(window.size(1)).toBe(1025);
});

test('a slot that stays busy counts as a long task', () => {
  const window = auto();
  window.ran(0.1);
  window.stalled(60);
  expect(window.size(3)).toBe(3);
});

test('a number is a fixed multiplier, 0 no limit, and a disabled window has just the slots', () => {
  expect(new PrefetchWindow({ multiplier: 4, disabled: false }).size(3)).toBe(12);
  expect(new PrefetchWindow({ multiplier: 0, disabled: false }).size(3)).toBe(0);
  expect(new PrefetchWindow({ multiplier: 4, disabled: true }).size(3)).toBe(3);
});

test('requests that wait for their moment take no slot', () => {
  const window = new PrefetchWindow({ multiplier: 1, disabled: false });
  window.parked = 5;
  expect(window.size(2)).toBe(7);
});

test('many that wait, one after another, are fetched ahead, until one can run', () => {
  const window = new PrefetchWindow({ multiplier: 'auto', disabled: false });
  const sizes = Array.from({ length: 300 }, () => {
    window.parked++;
    window.waits();
    return window.size(2) - window.parked;
  });
  expect(sizes.slice(0, 9)).toEqual([2, 2, 2, 6, 6, 6, 6, 10, 10]);
  expect(sizes.at(-1)).toBe(2 + 256);
  window.runs();
  expect(window.size(2)).toBe(2 + window.parked);
});
