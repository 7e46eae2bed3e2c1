// Marks that every task of a work-flow carries. A task sees its own, and workers can be told to drop all that carry one.
import { randomUUID } from 'node:crypto';
import { chord, group } from '@tq/canvas';
import { add, count, whose } from './proj/tasks.ts';
import { app } from './proj/tq.ts';

const soon = { timeout: 20 };

const workflow = group(whose.s(), whose.s()).stamp({ tenant: 'acme' });
console.log('%j', await workflow.delay().get(soon)); // → ["acme","acme"]

// Instead of stamps, a visitor that says what each part gets.
const named = chord([whose.s(), whose.s()], count.s()).stamp({
  onSignature: (signature) => ({ tenant: signature.task === 'proj.whose' ? 'umbrella' : 'none' }),
});
const sent = await named.delay();
console.log(await sent.get(soon)); // → 2
console.log('%j', await sent.parent?.get(soon)); // → ["umbrella","umbrella"]

// Everything of one order at once, in whatever part it is.
const order = randomUUID();
const waiting = await group(add.s(1, 1), add.s(2, 2)).stamp({ order }).applyAsync([], { countdown: 5 });
await app.control.revokeByStampedHeaders({ order });
for (const result of waiting.results) console.log(String(await result.get({ ...soon, propagate: false })));
// → TaskRevokedError: revoked
// → TaskRevokedError: revoked

await app.close();
