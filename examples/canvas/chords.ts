// A group, the header, and a task that gets the list of its results, the body.
import { chain, chord, group } from '@tq/canvas';
import { add, mul, xsum } from './proj/tasks.ts';
import { app } from './proj/tq.ts';

const soon = { timeout: 10 };
const header = [...Array(10).keys()].map((i) => add.s(i, i));

console.log(await chord(header, xsum.s()).delay().get(soon)); // → 90

// A group with a task behind it is a chord.
console.log(await group(header).pipe(xsum.s()).delay().get(soon)); // → 90

// They nest: a chord as a member, a group in the middle of a chain.
const inner = chord([add.s(1, 1), add.s(2, 2)], xsum.s());
console.log(
  await chord([inner, add.s(4, 4)], xsum.s())
    .delay()
    .get(soon),
); // → 14
console.log(
  await chain(add.s(1, 1), group(add.s(1), mul.s(10)), xsum.s(), mul.s(2))
    .delay()
    .get(soon),
); // → 46

// What came out of the header is the parent of the body's result.
const sent = await chord(header, xsum.s()).delay();
await sent.get(soon);
console.log('%j', await sent.parent?.get(soon)); // → [0,2,4,6,8,10,12,14,16,18]

await app.close();
