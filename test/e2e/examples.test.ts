// The examples are programs that people copy: each runs here as it stands.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp } from '@tq/core';
import { serviceUrl } from '@tq/testkit';
import { until } from './support/client.ts';

const examples = join(import.meta.dirname, '../../examples');
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tq-example-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

function run(file: string, cwd: string, env: NodeJS.ProcessEnv = {}, args: readonly string[] = []) {
  const child = spawn(process.execPath, [file, ...args], {
    cwd,
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const program = {
    child,
    /** Both streams. */
    output: '',
    printed: '',
    exited: new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code))),
  };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (program.printed += chunk));
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => (program.output += chunk));
  return program;
}

const amqp = (): string => serviceUrl('amqp').href;
const redis = (): string => new URL('/5', serviceUrl('redis')).href;

test.each([
  ['the embedded file', () => ({})],
  ['RabbitMQ, results by rpc', () => ({ TQ_BROKER_URL: amqp(), TQ_RESULT_BACKEND: 'rpc://' })],
  ['RabbitMQ, results in Redis', () => ({ TQ_BROKER_URL: amqp(), TQ_RESULT_BACKEND: redis() })],
  ['Redis', () => ({ TQ_BROKER_URL: redis(), TQ_RESULT_BACKEND: redis() })],
])(
  'the demo prints the results of the guide and stops warmly: %s',
  async (_, urls) => {
    const demo = run(join(examples, 'next-steps/demo.mjs'), folder, urls());
    expect(await demo.exited).toBe(0);
    for (const line of [
      'concurrency:',
      'ready.',
      '> await res.get({ timeout: 10 })\n  4',
      "  TypeError: add() missing 1 required positional argument: 'y'",
      '> await bad.state()\n  FAILURE',
      'state()\n  PENDING',
      'Warm shutdown',
    ])
      expect(demo.output).toContain(line);
  },
  60_000,
);

const canvas = join(examples, 'canvas');
const everyPrimitive = readdirSync(canvas)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -'.ts'.length));
const MOST = ['chords', 'group-result', 'error-links', 'replace', 'stamps'];

/** What an example says of itself that it prints: whatever stands behind its arrows. */
function saidToPrint(name: string): string {
  const text = readFileSync(join(canvas, `${name}.ts`), 'utf8');
  const lines = [...text.matchAll(/\/\/ → (.*)$/gm)].map(([, line]) => `${String(line)}\n`);
  if (lines.length === 0) throw new Error(`${name}.ts says nowhere what it prints.`);
  return `$ jiti ${name}.ts\n${lines.join('')}`;
}

test.each([
  ['the embedded file', everyPrimitive, () => ({})],
  ['RabbitMQ, results by rpc', MOST, () => ({ TQ_BROKER_URL: amqp(), TQ_RESULT_BACKEND: 'rpc://' })],
  ['Redis', MOST, () => ({ TQ_BROKER_URL: redis(), TQ_RESULT_BACKEND: redis() })],
])(
  'the work-flows print what stands behind the arrows in their files: %s',
  async (_, names, urls) => {
    const program = run(join(canvas, 'run.mjs'), folder, urls(), names);
    expect(await program.exited).toBe(0);
    expect(program.printed).toBe(names.map(saidToPrint).join(''));
  },
  180_000,
);

test('a worker composed by hand runs tasks from its two queues and stops on TERM', async () => {
  const url = `sqlite://${join(folder, 'queue.db')}`;
  const worker = run(join(examples, 'custom-worker/worker.mjs'), folder, {
    TQ_BROKER_URL: url,
    TQ_RESULT_BACKEND: url,
  });
  const app = createApp('client', { broker: url, backend: url });
  try {
    await until('the worker is ready', () => worker.output.includes('ready'));
    expect(await app.sendTask('custom.greet', ['Ada']).get({ timeout: 10 })).toBe('Hello, Ada!');
    expect(await app.sendTask('custom.greet', ['Bo'], { queue: 'hipri' }).get({ timeout: 10 })).toBe(
      'Hello, Bo!',
    );
    worker.child.kill('SIGTERM');
    expect(await worker.exited).toBe(0);
    expect(worker.output).toContain('stopwatch: the worker ran for');
  } finally {
    worker.child.kill('SIGKILL');
    await app.close();
  }
}, 60_000);
