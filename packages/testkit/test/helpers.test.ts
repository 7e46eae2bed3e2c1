import { FakeClock, eventually, memoryLogger, within } from '@tq/testkit';

describe('the fake clock', () => {
  test('moves only when told to, and wakes sleepers in the order of their alarms', async () => {
    const clock = new FakeClock(1000);
    const woken: string[] = [];
    const sleep = async (name: string, ms: number): Promise<void> => {
      await clock.sleep(ms);
      woken.push(`${name} at ${clock.now()}`);
    };
    const sleeping = [sleep('late', 300), sleep('early', 100), sleep('second early', 100)];
    await clock.advance(99);
    expect(woken).toEqual([]);
    await clock.advance(1);
    expect(woken).toEqual(['early at 1100', 'second early at 1100']);
    await clock.advance(1000);
    await Promise.all(sleeping);
    expect(woken.at(-1)).toBe('late at 1300');
    expect([clock.now(), clock.monotonic()]).toEqual([2100, 1100]);
  });

  test('a sleeper that goes to sleep again wakes within the same advance', async () => {
    const clock = new FakeClock();
    let naps = 0;
    const napping = (async () => {
      while (naps < 5) {
        await clock.sleep(10);
        naps += 1;
      }
    })();
    await clock.advance(50);
    expect(naps).toBe(5);
    await napping;
  });

  test('ticks until it is disposed', async () => {
    const clock = new FakeClock();
    let ticks = 0;
    const ticking = clock.every(100, () => (ticks += 1));
    await clock.advance(350);
    expect(ticks).toBe(3);
    ticking[Symbol.dispose]();
    await clock.advance(1000);
    expect(ticks).toBe(3);
    expect(clock.waiting).toBe(0);
  });

  test('an aborted sleep rejects with the reason and is forgotten', async () => {
    const clock = new FakeClock();
    const stop = new AbortController();
    const sleeping = clock.sleep(100, { signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(sleeping).rejects.toThrow('enough');
    await expect(clock.sleep(100, { signal: stop.signal })).rejects.toThrow('enough');
    expect(clock.waiting).toBe(0);
  });
});

describe('waiting', () => {
  test('eventually looks until there is something, and returns it', async () => {
    let looks = 0;
    expect(await eventually(() => ++looks === 3 && 'found')).toBe('found');
    expect(looks).toBe(3);
  });

  test('eventually says what didn’t come, and why it wasn’t there', async () => {
    const waiting = eventually(() => expect(1).toBe(2), { timeoutMs: 20, what: 'one to be two' });
    await expect(waiting).rejects.toThrow(/Waited 20 ms for one to be two: .*Object\.is equality/s);
    await expect(eventually(() => false, { timeoutMs: 0 })).rejects.toThrow('Waited 0 ms for the condition');
  });

  test('within passes on what is in time, and names what is late', async () => {
    expect(await within(Promise.resolve(4), 1000, 'four')).toBe(4);
    await expect(within(Promise.reject(new Error('no')), 1000, 'four')).rejects.toThrow('no');
    const late = within(new Promise(() => undefined), 10, 'godot');
    await expect(late).rejects.toThrow('Waited 10 ms for godot');
  });
});

describe('the memory logger', () => {
  test('keeps the lines of all its children, with their context', () => {
    const logger = memoryLogger();
    logger.info('one', { a: 1 });
    logger.child({ b: 2 }).child({ c: 3 }).warn('two', { b: 4 });
    expect(logger.lines).toEqual([
      { level: 'info', message: 'one', fields: { a: 1 } },
      { level: 'warn', message: 'two', fields: { b: 4, c: 3 } },
    ]);
    expect(logger.find('warn', 'tw')).toHaveLength(1);
    expect(logger.find('error', 'tw')).toHaveLength(0);
    logger.clear();
    expect(logger.lines).toEqual([]);
  });
});
