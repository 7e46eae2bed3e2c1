// si() makes a signature that takes nothing from others: for steps that only have to come in their turn.
import { chain, chord } from '@tq/canvas';
import { add, hello, mul } from './proj/tasks.ts';
import { app } from './proj/tq.ts';

const soon = { timeout: 10 };

// 4 + 4 is done first, and its result is dropped.
console.log(await chain(add.s(4, 4), mul.si(2, 3)).delay().get(soon)); // → 6

// As a link: said when the task has succeeded, whatever it gave.
const sent = await add.s(1, 1).link(hello.si()).delay();
await sent.get(soon);
console.log(await (await sent.children())[0]?.get(soon)); // → hello

// A body that only has to know that the header is done.
console.log(
  await chord([add.s(1, 1), add.s(2, 2)], hello.si())
    .delay()
    .get(soon),
); // → hello

// Of a signature that is there already.
const fixed = add.s(1, 1).immutable();
console.log(await chain(mul.s(8, 8), fixed).delay().get(soon)); // → 2

await app.close();
