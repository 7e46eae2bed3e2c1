// A member of a header that finds more to do: the body waits for that too. See crawl() in proj/tasks.ts.
import { chord } from '@tq/canvas';
import { count, crawl } from './proj/tasks.ts';
import { app } from './proj/tq.ts';

const pages = chord([crawl.s('/', ['/a', '/b', '/c']), crawl.s('/old', [])], count.s());
console.log(await pages.delay().get({ timeout: 10 })); // → 5

await app.close();
