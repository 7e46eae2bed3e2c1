// One task over a list, in a single message: worth it for items that take no time.
import { map, starmap } from '@tq/canvas';
import { add, xsum } from './proj/tasks.ts';
import { app } from './proj/tq.ts';

const soon = { timeout: 10 };

// One argument an item.
console.log(
  '%j',
  await map(xsum, [[1, 2, 3], [4, 5], []])
    .delay()
    .get(soon),
); // → [6,9,0]

// A list of arguments an item.
const pairs: [number, number][] = [...Array(10).keys()].map((i) => [i, i]);
console.log('%j', await starmap(add, pairs).delay().get(soon)); // → [0,2,4,6,8,10,12,14,16,18]

await app.close();
