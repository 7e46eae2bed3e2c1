// As `tq -A proj worker -c 1`, composed by hand: what the program itself costs is the difference.
import { prefork } from '@tq/pool';
import { createWorker, handleSignals } from '@tq/worker';
import { app } from './proj/tq.mjs';

const worker = createWorker(app, { pool: prefork({ size: 1 }) });
handleSignals(worker, { logger: worker.logger, say: () => undefined });
await worker.start();
process.exitCode = (await worker.finished).exitCode;
await app.close();
