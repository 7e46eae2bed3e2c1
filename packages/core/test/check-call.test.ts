import { createApp, ImproperlyConfigured, silentLogger } from '@tq/core';
import type { App, CallOptions, GetOptions } from '@tq/core';
import { uniqueName } from '@tq/testkit';

let app: App;
beforeEach(() => {
  const url = `memory://${uniqueName('check')}`;
  app = createApp('t', { broker: url, backend: url, logger: silentLogger });
});
afterEach(() => app.close());

const wrong = (value: unknown): CallOptions => value as CallOptions;

describe('a call as it was written', () => {
  test('is refused with a mistyped option, wherever options stand', async () => {
    const add = app.task('add', (x: number, y: number) => x + y);
    const mistyped = 'A call of add has no option "queu". Did you mean queue?';
    const options = wrong({ queu: 'x' });
    for (const call of [
      () => add.applyAsync([2, 2], options),
      () => add.apply([2, 2], options),
      () => app.sendTask('add', [2, 2], options),
      () => add.s(2, 2).applyAsync([], options),
    ])
      await expect(call()).rejects.toThrow(mistyped);
    for (const make of [
      () => add.signature([2, 2], options),
      () => app.signature('add', [2, 2], options),
      () => add.s(2, 2).set(options),
      () => add.s(2, 2).clone([], {}, options),
    ])
      expect(make).toThrow(mistyped);
  });

  test.each([
    [{ time_limit: 3 }, 'has no option "time_limit". Did you mean timeLimit?'],
    [{ x: 1 }, 'has no option "x". Named arguments go into kwargs'],
    [{ queue: 5 }, 'queue of a call of add must be a text, not 5'],
    [{ priority: 300 }, 'priority of a call of add must be a whole number from 0 to 255, not 300'],
    [{ priority: 2.5 }, 'from 0 to 255, not 2.5'],
    [{ kwargs: [1] }, 'kwargs of a call of add must be an object, not [ 1 ]'],
    [{ ignoreResult: 'yes' }, "ignoreResult of a call of add must be true or false, not 'yes'"],
    [7, 'options of a call of add are an object, not 7'],
  ])('is refused with %j', async (options, message) => {
    const sent = app.sendTask('add', [], wrong(options));
    await expect(sent).rejects.toThrow(ImproperlyConfigured);
    await expect(sent).rejects.toThrow(message);
  });

  test('is refused when its arguments are no list', async () => {
    for (const args of [{ x: 1 }, 2, 'ab']) {
      const sent = app.sendTask('add', args as never);
      await expect(sent).rejects.toThrow(/^A call of add takes its arguments as a list, then options/);
    }
  });

  test('may leave options undefined or null', async () => {
    const { id } = await app.sendTask('add', [], wrong({ queue: undefined, priority: null, taskId: 'mine' }));
    expect(id).toBe('mine');
  });

  test('runs at once with a countdown below zero, as in Celery', async () => {
    await expect(app.sendTask('add', [], { countdown: -1 })).resolves.toBeDefined();
  });

  test('of a task whose own priority cannot be one is refused where the task is written', () => {
    expect(() => app.task('p', { priority: 256 }, () => 1)).toThrow(
      'priority of the task p must be a whole number from 0 to 255.',
    );
  });
});

describe('get()', () => {
  test.each([
    [{ timout: 1 }, 'get() has no option "timout". Did you mean timeout?'],
    [1, 'get() takes options, such as get({ timeout: 1 }), not 1.'],
  ])('does not wait for ever with %j', async (options, message) => {
    await expect(app.asyncResult('nobody').get(options as GetOptions)).rejects.toThrow(message);
  });

  test('of apply() gives what the task returned, and its id is known at once', async () => {
    const add = app.task('add', (x: number, y: number) => x + y);
    const applied = add.apply([1, 2], { taskId: 'mine' });
    expect([applied.id, await applied.get()]).toEqual(['mine', 3]);
  });
});
