// Tasks side by side. The result is the list of their results, in their order.
import { group } from '@tq/canvas';
import { add, hello } from './proj/tasks.ts';
import { app } from './proj/tq.ts';

const soon = { timeout: 10 };
const ten = [...Array(10).keys()];

console.log(
  '%j',
  await group(ten.map((i) => add.s(i, i)))
    .delay()
    .get(soon),
); // → [0,2,4,6,8,10,12,14,16,18]

// A partial group: 10 goes in front of each member's arguments.
const partial = group(ten.map((i) => add.s(i)));
console.log('%j', await partial.delay(10).get(soon)); // → [10,11,12,13,14,15,16,17,18,19]

// Members one by one give a tuple: its type is [number, string].
const [sum, text] = await group(add.s(1, 1), hello.s()).delay().get(soon);
console.log(sum + 1, text.toUpperCase()); // → 3 HELLO

// Generators will do.
function* evens() {
  for (const i of ten) if (i % 2 === 0) yield add.s(i, 0);
}
console.log('%j', await group(evens()).delay().get(soon)); // → [0,2,4,6,8]

await app.close();
