// What a failure sets off. What an error link is told depends on how many parameters it has.
import { randomUUID } from 'node:crypto';
import { chain, chord } from '@tq/canvas';
import { add, fail, mul, told, toldWhy, xsum } from './proj/tasks.ts';
import { app } from './proj/tq.ts';

const soon = { timeout: 10 };

// Error links are no children of the task: to read what they return, give them an id.
const id = randomUUID();
const whyId = randomUUID();
const failing = fail
  .s('no luck')
  .set({ taskId: 'the-one' })
  .linkError(told.s().set({ taskId: id }))
  .linkError(toldWhy.s().set({ taskId: whyId }));

const error = await failing.delay().get({ ...soon, propagate: false });
console.log(String(error)); // → TypeError: no luck

// With one parameter: the id of the failed task. Any language understands this.
console.log(await app.asyncResult(id).get(soon)); // → task the-one failed

// With more: (request, error, traceback).
console.log(await app.asyncResult(whyId).get(soon)); // → proj.fail: no luck, with a stack

// Of a chain: whichever step fails. Those behind it fail with the same error, so nobody waits for them.
const stepId = randomUUID();
const steps = chain(add.s(1, 1), fail.si('half-way'), mul.s(2)).linkError(
  toldWhy.s().set({ taskId: stepId }),
);
console.log(String(await steps.delay().get({ ...soon, propagate: false }))); // → TypeError: half-way
console.log(await app.asyncResult(stepId).get(soon)); // → proj.fail: half-way, with a stack

// Of a chord: the body fails as ChordError when a member of the header has failed.
const bodyId = randomUUID();
const body = xsum.s().linkError(toldWhy.s().set({ taskId: bodyId }));
const joined = await chord([fail.s('one of two').set({ taskId: 'the-member' }), add.s(1, 1)], body).delay();
console.log(String(await joined.get({ ...soon, propagate: false })));
// → ChordError: Dependency the-member raised TypeError('one of two')
console.log(await app.asyncResult(bodyId).get(soon));
// → proj.xsum: Dependency the-member raised TypeError('one of two'), without a stack

await app.close();
