// The same as chain(), step by step: Celery's `|`.
import { add, mul } from './proj/tasks.ts';
import { app } from './proj/tq.ts';

const soon = { timeout: 10 };

console.log(await add.s(4, 4).pipe(mul.s(8)).delay().get(soon)); // → 64

const timesEight = add.s(4).pipe(mul.s(8));
console.log(String(timesEight)); // → proj.add(4) | proj.mul(8)
console.log(await timesEight.delay(4).get(soon)); // → 64
console.log(await timesEight.pipe(add.s(1)).delay(4).get(soon)); // → 65

await app.close();
