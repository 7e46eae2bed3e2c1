// What a success sets off. Unlike a step of a chain, a link is beside the point: the result is still the task's own.
import { add, mul } from './proj/tasks.ts';
import { app } from './proj/tq.ts';

const soon = { timeout: 10 };

const result = await add.s(2, 2).link(mul.s(10)).delay();
console.log(await result.get(soon)); // → 4

// It stands among the children of the task.
const [link] = await result.children();
console.log(await link?.get(soon)); // → 40

// collect() gives a result and everything that it set off.
for await (const [, value] of result.collect(soon)) console.log(value);
// → 4
// → 40

// As an option of the call. Several links run as one group, so there is one child.
const both = await add.applyAsync([1, 1], { link: [mul.s(2), mul.s(3)] });
await both.get(soon);
const [links] = await both.children();
console.log('%j', await links?.get(soon)); // → [4,6]

await app.close();
