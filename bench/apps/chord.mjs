// node chord.mjs <members>…: a chord of so many members each, from its call to its result; prints each time in ms.
import { chord } from '@tq/canvas';
import { app, echo, length } from './app.mjs';

const times = [];
for (const members of [10, ...process.argv.slice(2).map(Number)]) {
  const startMs = performance.now();
  const header = Array.from({ length: members }, (_, index) => echo.s(index));
  const result = await chord(header, length.s()).delay().get({ timeout: 120 });
  if (result !== members) throw new Error(`Of ${members} members ${result} were joined`);
  times.push(performance.now() - startMs);
}
console.log(JSON.stringify(times.slice(1)));
await app.close();
