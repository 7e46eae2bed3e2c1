// A long list in pieces, a message each, which run side by side. The result is a list of lists.
import { chunks } from '@tq/canvas';
import { add } from './proj/tasks.ts';
import { app } from './proj/tq.ts';

const pairs: [number, number][] = [...Array(10).keys()].map((i) => [i, i]);

const sent = await chunks(add, pairs, 4).delay();
console.log(sent.length); // → 3
console.log('%j', await sent.get({ timeout: 10 })); // → [[0,2,4,6],[8,10,12,14],[16,18]]

await app.close();
