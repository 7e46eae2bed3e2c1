import { app } from './proj/tq.ts';
import { add, mul, xsum } from './proj/tasks.ts';

const show = (call: string, answer: unknown): void => console.log(`> ${call}\n  ${String(answer)}`);

// A task is still a function.
show('add(2, 2)', add(2, 2));

// delay() sends the call to a worker and gives back a handle.
const res = await add.delay(2, 2);
show('await res.get({ timeout: 10 })', await res.get({ timeout: 10 }));
show('res.id', res.id);
show('await res.state()', await res.state());

// applyAsync() takes options: another queue, not before a second has passed.
const later = await add.applyAsync([2, 2], { queue: 'lopri', countdown: 1 });
show("add.applyAsync([2, 2], { queue: 'lopri', countdown: 1 })", await later.get({ timeout: 10 }));

// delay() and get() in one go.
show('await mul.delay(4, 8).get()', await mul.delay(4, 8).get({ timeout: 10 }));
show('await xsum.delay([1, 2, 3]).get()', await xsum.delay([1, 2, 3]).get({ timeout: 10 }));

// Signatures are calls as values; arguments that come later go in front.
show('add.s(2, 2)', add.s(2, 2));
show('await add.s(2).delay(8).get()', await add.s(2).delay(8).get({ timeout: 10 }));

// What goes wrong in the worker arrives here.
// @ts-expect-error The compiler sees that an argument is missing.
const bad = await add.delay(2);
try {
  await bad.get({ timeout: 10 });
} catch (error) {
  show('await add.delay(2).get()', error);
}
show('await bad.get({ propagate: false })', await bad.get({ timeout: 10, propagate: false }));
show('await bad.failed()', await bad.failed());
show('await bad.successful()', await bad.successful());
show('await bad.state()', await bad.state());

// PENDING is not kept anywhere: it is what is known about an unknown id.
show(
  "await app.asyncResult('this-id-does-not-exist').state()",
  await app.asyncResult('this-id-does-not-exist').state(),
);

await app.close();
