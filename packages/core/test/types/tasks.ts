// Compiled by `tsc -b`, never run: what the compiler promises to those who write and call tasks.
import { createApp, defineTask } from '@tq/core';
import type { AsyncResult, Signature, Task } from '@tq/core';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const is = <T extends true>(_?: T): void => undefined;

const app = createApp('types');
const add = app.task('t.add', (x: number, y: number) => x + y);
const fetchAll = app.task('t.fetchAll', { bind: true, maxRetries: 3 }, async (self, urls: string[]) => {
  if (self.request.retries > 0) throw self.retry({ countdown: '10s' });
  return urls.length;
});
const greet = app.task(
  't.greet',
  { trackStarted: true },
  (name: string, greeting: string = 'Hello') => `${greeting}, ${name}`,
);
const sum = app.task('t.sum', (...numbers: number[]) => numbers.reduce((a, b) => a + b, 0));

// No type argument is needed anywhere.
is<Equal<typeof add, Task<[x: number, y: number], number>>>();
is<Equal<ReturnType<typeof add>, number>>();
is<Equal<Awaited<ReturnType<typeof fetchAll>>, number>>();

export async function results(): Promise<void> {
  is<Equal<Awaited<ReturnType<typeof add.delay>>, AsyncResult<number>>>();
  const four = await add.delay(2, 2).get({ timeout: 1 });
  is<Equal<typeof four, number>>();
  const res = await fetchAll.delay(['a']);
  const count = await res.get();
  is<Equal<typeof count, number>>();
  const either = await res.get({ propagate: false });
  is<Equal<typeof either, number | Error>>();
  await greet.delay('Ada');
  await greet.delay('Ada', 'Hi');
  await sum.delay(1, 2, 3);
  await add.applyAsync([2, 2], { queue: 'lopri', countdown: 10, kwargs: { debug: true } });
}

export async function mistakes(): Promise<void> {
  // @ts-expect-error An argument is missing.
  await add.delay(2);
  // @ts-expect-error An argument has the wrong type.
  await add.delay(2, '2');
  // @ts-expect-error One argument too many.
  await add.delay(2, 2, 2);
  // @ts-expect-error A direct call is checked too.
  add('2', 2);
  // @ts-expect-error self isn't passed by the caller.
  await fetchAll.delay({}, ['a']);
  // @ts-expect-error The result is a number.
  const text: string = await add.delay(2, 2).get();
  // @ts-expect-error There is no such option.
  await add.applyAsync([2, 2], { contdown: 10 });
  // @ts-expect-error There is no such setting.
  app.conf.resultExpire = 3600;
  // @ts-expect-error A setting has a type.
  app.conf.taskAcksLate = 'yes';
  // @ts-expect-error There is no such task option.
  app.task('t.bad', { maxRetry: 3 }, () => 1);
  void text;
}

// Partials: what is missing comes in front.
const full = add.s(2, 2);
is<Equal<typeof full, Signature<[], number>>>();
const partial = add.s(2);
is<Equal<typeof partial, Signature<[number], number>>>();
const open = add.s();
is<Equal<typeof open, Signature<[number, number], number>>>();
const fixed = add.si(2, 2);
is<Equal<typeof fixed, Signature<[], number>>>();

export async function signatures(): Promise<void> {
  const ten = await partial.delay(8).get();
  is<Equal<typeof ten, number>>();
  await full.withKwargs({ debug: true }).set({ queue: 'hipri' }).delay();
  await add.signature([2, 2], { countdown: 10 }).delay();
  await greet.s().delay('Ada');
  await greet.s().delay('Ada', 'Hi');
  await sum.s(1, 2).delay(3, 4);
  // @ts-expect-error The partial still needs a number.
  await partial.delay();
  // @ts-expect-error The partial takes one number, not two.
  await partial.delay(1, 2);
  // @ts-expect-error A text can't be the last argument of add.
  add.s('2');
  // @ts-expect-error An immutable signature takes nothing.
  await fixed.delay(1);
}

// Tasks without an app, and calls by name.
const shared = app.register(defineTask('t.shared', { bind: true }, (self, x: number) => `${self.name} ${x}`));
is<Equal<typeof shared, Task<[x: number], string>>>();
const named = app.task(function double(x: number) {
  return x * 2;
});
is<Equal<typeof named, Task<[x: number], number>>>();

export async function otherWays(): Promise<void> {
  const byName = await app.sendTask<number>('other.task', [1, 'x'], { kwargs: { a: 2 } }).get();
  is<Equal<typeof byName, number>>();
  const unknownResult = await app.sendTask('other.task').get();
  is<Equal<typeof unknownResult, unknown>>();
  const eager = await (await add.apply([2, 2])).get();
  is<Equal<typeof eager, number>>();
  const either = await add.delay(2, 2).get({ propagate: false });
  is<Equal<typeof either, number | Error>>();
  await add.applyAsync([2], { kwargs: { y: 2 } });
  app.hooks.on('taskFailure', ({ request, error }) => app.logger.error(request.id, { error }));
  app.errors.register(class OutOfStock extends Error {});
  // @ts-expect-error There is no such hook.
  app.hooks.on('taskFailed', () => undefined);
  // @ts-expect-error Only errors can be thrown by a task.
  app.errors.register(Date);
  // @ts-expect-error There is no such option of createApp().
  createApp('t', { brocker: 'memory://' });
  // @ts-expect-error A countdown is a number or a text.
  await add.applyAsync([2, 2], { countdown: true });
  // @ts-expect-error A wish for a retry has no such option.
  app.task('t.retry', { bind: true }, (self) => self.retry({ contdown: 10 }));
}
