// The handle on a group: its results one by one as they arrive, how many there are, and how to find them again.
import { group } from '@tq/canvas';
import { add, fail } from './proj/tasks.ts';
import { app } from './proj/tq.ts';

const soon = { timeout: 10 };

const sent = await group(add.s(1, 1), add.s(2, 2), add.s(3, 3)).delay();
console.log(sent.length); // → 3

// As they arrive, whichever is first.
let sum = 0;
for await (const [, value] of sent.iterate(soon)) sum += Number(value);
console.log(sum); // → 12
console.log(await sent.completedCount(), await sent.ready(), await sent.successful()); // → 3 true true
console.log('%j', await sent.get(soon)); // → [2,4,6]

// Kept in the result backend, and found again in any process.
await sent.save();
const found = await app.restoreGroup(sent.id);
console.log('%j', await found?.get(soon)); // → [2,4,6]
await sent.delete();
console.log(await app.restoreGroup(sent.id)); // → undefined

// Each member and all that it set off, with its value.
const linked = await group(add.s(1, 1).link(add.s(10)), add.s(2, 2)).delay();
await linked.get(soon);
const values: unknown[] = [];
for await (const [, value] of linked.collect(soon)) values.push(value);
console.log('%j', values); // → [[2,4],2,4,12]

// When one has failed: its error is thrown, or stands in its place.
const mixed = await group(add.s(1, 1), fail.s('no luck')).delay();
const orErrors = await mixed.get({ ...soon, propagate: false });
console.log(orErrors.map(String).join(', ')); // → 2, TypeError: no luck
console.log(await mixed.completedCount(), await mixed.failed()); // → 1 true

await app.close();
