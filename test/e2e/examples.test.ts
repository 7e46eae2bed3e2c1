// The examples are programs that people copy: each runs here as it stands.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
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

function run(file: string, cwd: string, env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, [file], {
    cwd,
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const program = {
    child,
    output: '',
    exited: new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code))),
  };
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
