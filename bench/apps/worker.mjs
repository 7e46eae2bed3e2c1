// node worker.mjs <pool> <concurrency>: a worker composed by hand. Says "ready"; stops on SIGTERM.
import { POOL_NAMES, poolByName } from '@tq/pool';
import { createWorker, handleSignals } from '@tq/worker';
import { app } from './app.mjs';

const [pool = POOL_NAMES[0], concurrency = '1'] = process.argv.slice(2);
const worker = createWorker(app, { pool: poolByName(pool), concurrency: Number(concurrency) });
handleSignals(worker, { logger: worker.logger, say: () => undefined });
await worker.start();
console.log('ready');
const { exitCode, error } = await worker.finished;
await app.close();
if (error) console.error(error);
process.exitCode = exitCode;
