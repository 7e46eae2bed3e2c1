// Sends the one task that the start of a worker is measured with.
import { app, mark } from './proj/tq.mjs';

await mark.delay();
await app.close();
console.log('{}');
