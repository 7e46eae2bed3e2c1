// node round-trip.mjs <count>: calls a task and waits for its result, one call at a time; prints each time in ms.
import { app, echo } from './app.mjs';

const count = Number(process.argv[2]);
const WARM_UP = 50;

const times = [];
for (let call = -WARM_UP; call < count; call++) {
  const startMs = performance.now();
  const result = await echo.delay(call).get({ timeout: 10 });
  if (result !== call) throw new Error(`${call} came back as ${result}`);
  if (call >= 0) times.push(performance.now() - startMs);
}
console.log(JSON.stringify(times));
await app.close();
