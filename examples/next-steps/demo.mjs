// The guide's project from worker start to printed results: `npm run demo`.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const here = import.meta.dirname;
const tq = join(here, '../../packages/cli/dist/bin.js');
const jiti = join(dirname(createRequire(import.meta.url).resolve('jiti/package.json')), 'lib/jiti-cli.mjs');

const folder = await mkdtemp(join(tmpdir(), 'tq-demo-'));
const url = `sqlite://${join(folder, 'queue.db')}`;
// On RabbitMQ or Redis: TQ_BROKER_URL=amqp://… TQ_RESULT_BACKEND=rpc:// npm run demo
const env = { TQ_BROKER_URL: url, TQ_RESULT_BACKEND: url, ...process.env };

/** Starts a program in the example's folder; resolves with its exit code. */
function run(args, stdio) {
  const child = spawn(process.execPath, args, { cwd: here, env, stdio });
  const exited = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? signal));
  });
  return { child, exited };
}

/** Passes a worker's output on and resolves once it says that it is ready. */
function ready({ child, exited }) {
  return new Promise((resolve, reject) => {
    let seen = '';
    const look = (chunk) => {
      process.stdout.write(chunk);
      seen += chunk;
      if (/ ready\.$/m.test(seen)) resolve();
    };
    child.stdout.setEncoding('utf8').on('data', look);
    child.stderr.setEncoding('utf8').on('data', look);
    exited.then((code) => reject(new Error(`The worker ended before it was ready, with ${code}.`)), reject);
    setTimeout(() => reject(new Error('The worker was not ready within 30 seconds.')), 30_000).unref();
  });
}

console.log('$ tq -A proj worker -l info -Q celery,lopri\n');
const worker = run(
  [tq, '-A', 'proj', 'worker', '-l', 'info', '-Q', 'celery,lopri'],
  ['ignore', 'pipe', 'pipe'],
);
try {
  await ready(worker);
  console.log('\n$ jiti client.ts\n');
  const client = run([jiti, 'client.ts'], 'inherit');
  const code = await client.exited;
  if (code !== 0) throw new Error(`The client ended with ${code}.`);
  console.log('\n$ kill -TERM <worker>\n');
  worker.child.kill('SIGTERM');
  const ended = await worker.exited;
  if (ended !== 0) throw new Error(`The worker ended with ${ended}.`);
  console.log('\nThe worker has stopped warmly. That is all: four files in examples/next-steps.');
} catch (error) {
  console.error(`\nThe demo failed: ${error.message}`);
  process.exitCode = 1;
} finally {
  if (worker.child.exitCode === null && worker.child.signalCode === null) {
    worker.child.kill('SIGQUIT');
    setTimeout(() => worker.child.kill('SIGKILL'), 5000).unref();
    await worker.exited;
  }
  await rm(folder, { recursive: true, force: true });
}
