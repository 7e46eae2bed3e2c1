// A signature is a call as a value. What it lacks comes later, and goes in front.
import { add } from './proj/tasks.ts';
import { app } from './proj/tq.ts';

const soon = { timeout: 10 };

const plusTwo = add.s(2); // add(?, 2)
console.log(String(plusTwo)); // → proj.add(2)
console.log(await plusTwo.delay(8).get(soon)); // → 10

// A signature never changes: set() and the others give a new one.
const later = plusTwo.set({ countdown: 1 });
console.log(later === plusTwo); // → false
console.log(await later.delay(8).get(soon)); // → 10

// As JSON it travels anywhere, to Python too.
const text = JSON.stringify(plusTwo);
console.log(text); // → {"task":"proj.add","args":[2],"kwargs":{},"options":{},"subtask_type":null,"immutable":false}
console.log(await app.signatureFrom(JSON.parse(text)).delay(8).get(soon)); // → 10

await app.close();
