// Runs every example, or those that are named, beside a worker: `node run.mjs`, `node run.mjs chords stamps`.
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const here = import.meta.dirname;
const tq = join(here, '../../packages/cli/dist/bin.js');
const jiti = join(dirname(createRequire(import.meta.url).resolve('jiti/package.json')), 'lib/jiti-cli.mjs');

const folder = await mkdtemp(join(tmpdir(), 'tq-canvas-'));
const url = `sqlite://${join(folder, 'queue.db')}`;
// On RabbitMQ or Redis: TQ_BROKER_URL=amqp://… TQ_RESULT_BACKEND=redis://… node run.mjs
const env = { TQ_BROKER_URL: url, TQ_RESULT_BACKEND: url, ...process.env };

function start(args, stdio) {
  const child = spawn(process.execPath, args, { cwd: here, env, stdio });
  const exited = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? signal));
  });
  return { child, exited };
}

/** Resolves once the worker says that it is ready. */
function ready({ child, exited }) {
  return new Promise((resolve, reject) => {
    let seen = '';
    const look = (chunk) => {
      seen += chunk;
      if (/ ready\.$/m.test(seen)) resolve();
    };
    child.stdout.setEncoding('utf8').on('data', look);
    child.stderr.setEncoding('utf8').on('data', look);
    exited.then((code) => reject(new Error(`The worker ended with ${code}:\n${seen}`)), reject);
    setTimeout(() => reject(new Error('The worker was not ready within 30 seconds.')), 30_000).unref();
  });
}

async function names() {
  if (process.argv.length > 2) return process.argv.slice(2);
  const files = await readdir(here);
  return files.filter((file) => file.endsWith('.ts')).map((file) => file.slice(0, -3));
}

const worker = start([tq, '-A', 'proj', 'worker', '-l', 'info', '-c', '2'], ['ignore', 'pipe', 'pipe']);
try {
  await ready(worker);
  for (const name of await names()) {
    console.log(`$ jiti ${name}.ts`);
    const code = await start([jiti, `${name}.ts`], 'inherit').exited;
    if (code !== 0) throw new Error(`${name}.ts ended with ${code}.`);
  }
} catch (error) {
  console.error(`\n${error.message}`);
  process.exitCode = 1;
} finally {
  worker.child.kill('SIGTERM');
  setTimeout(() => worker.child.kill('SIGKILL'), 10_000).unref();
  await worker.exited;
  await rm(folder, { recursive: true, force: true });
}
