import { parentPort, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { explain } from './failure.ts';
import { House } from './house.ts';
import { openFile } from './open-file.ts';
import { END_AT_ONCE } from './wire.ts';
import type { Pack, Report, Request, ThreadData } from './wire.ts';

/** Entry of the thread that owns the database: calls of SQLite block, and the process has other things to do. */
const port = parentPort as MessagePort;
const data = workerData as ThreadData;

function post(report: Report): void {
  port.postMessage(report, buffersOf(report));
}

/** Bodies and numbers change hands instead of being copied. */
function buffersOf({ replies, heard }: Report): ArrayBuffer[] {
  const packs = [heard, ...replies.map(([, value]) => value)] as readonly (Partial<Pack> | undefined)[];
  const buffers: ArrayBuffer[] = [];
  for (const each of packs) {
    if (each?.bodies && each.bodies.bytes.byteLength > 0) buffers.push(each.bodies.bytes.buffer);
    if (each?.numbers && each.numbers.byteLength > 0) buffers.push(each.numbers.buffer);
  }
  return buffers;
}

async function run(): Promise<void> {
  try {
    const sql = await openFile(data);
    const house = new House({
      file: data.file,
      busyMs: data.busyMs,
      sql,
      report: post,
      leave: () => port.close(),
    });
    port.on('message', (said: readonly Request[] | typeof END_AT_ONCE) => {
      if (said === END_AT_ONCE) process.exit(1); // ends this thread alone
      house.receive(said);
    });
    post({ replies: [], opened: true });
  } catch (error) {
    post({ replies: [], failed: explain(error, data.file) });
    port.close();
  }
}

void run();
