// A task that gives way to a work-flow, which runs under its id and in its place. See squares() in proj/tasks.ts.
import { chain } from '@tq/canvas';
import { squares, xsum } from './proj/tasks.ts';
import { app } from './proj/tq.ts';

const soon = { timeout: 10 };

// Of a group, the result is the list.
console.log('%j', await squares.delay(5).get(soon)); // → [0,1,4,9,16]

// What stands behind the task stands behind what replaced it.
console.log(await chain(squares.s(5), xsum.s()).delay().get(soon)); // → 30

await app.close();
