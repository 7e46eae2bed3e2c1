// A task piped into a group: each member gets its result.
import { group } from '@tq/canvas';
import { count, filter, upload } from './proj/tasks.ts';
import { app } from './proj/tq.ts';

const soon = { timeout: 10 };
const filters = ['blur', 'sepia', 'crop'];

const workflow = upload.s('cat.png').pipe(group(filters.map((name) => filter.s(name))));
for (const line of await workflow.delay().get(soon)) console.log(line);
// → /store/cat.png blur
// → /store/cat.png sepia
// → /store/cat.png crop

console.log(await workflow.pipe(count.s()).delay().get(soon)); // → 3

await app.close();
