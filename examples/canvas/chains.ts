// One task after another, each with the result of the one before it in front of its arguments.
import { chain } from '@tq/canvas';
import { add, mul } from './proj/tasks.ts';
import { app } from './proj/tq.ts';

const soon = { timeout: 10 };

// (4 + 4) * 8
const result = await chain(add.s(4, 4), mul.s(8)).delay();
console.log(await result.get(soon)); // → 64
console.log(await result.parent?.get(soon)); // → 8

// (? + 4) * 8
const partial = chain(add.s(4), mul.s(8));
console.log(await partial.delay(4).get(soon)); // → 64

// The compiler refuses a step that doesn't fit, such as chain(hello.s(), mul.s(8)): a text is no number.
await app.close();
