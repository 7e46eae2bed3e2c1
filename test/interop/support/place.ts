// Both sides on one broker: a tq worker, a Python worker, a client of each.
import { join } from 'node:path';
import { createApp } from '@tq/core';
import type { App } from '@tq/core';
import { Peer, Side } from './peer.ts';

const root = join(import.meta.dirname, '../../..');
const fixtures = join(import.meta.dirname, '../fixtures');

export interface PlaceOptions {
  readonly broker: string;
  readonly backend: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly tqWorker?: readonly string[];
  readonly pythonWorker?: readonly string[];
}

/** The Python that the setup of these tests has found. */
export const python = process.env['TQ_TEST_PYTHON'] as string;

export class Place implements AsyncDisposable {
  readonly client: App;
  readonly python: Peer;
  readonly tqWorker: Side;
  readonly pythonWorker: Side;

  constructor({ broker, backend, env = {}, tqWorker = [], pythonWorker = [] }: PlaceOptions) {
    const peer = {
      ...env,
      PEER_BROKER: broker,
      PEER_BACKEND: backend,
      PYTHONUNBUFFERED: '1',
      PYTHONDONTWRITEBYTECODE: '1',
    };
    this.client = createApp('client', {
      broker,
      backend,
      conf: {
        taskDefaultQueue: 'tq',
        acceptContent: ['json', 'yaml', 'msgpack'],
        taskSerializer: env['PEER_SERIALIZER'] ?? 'json',
      },
    });
    this.python = new Peer(python, ['driver.py'], { cwd: join(fixtures, 'python'), env: peer });
    this.tqWorker = new Side(
      process.execPath,
      [
        join(root, 'packages/cli/dist/bin.js'),
        '-A',
        'tq',
        '-b',
        broker,
        '--result-backend',
        backend,
        'worker',
        '-Q',
        'tq',
        '-c',
        '2',
        '-l',
        'info',
        '-n',
        'tq@%h',
        ...tqWorker,
      ],
      { cwd: join(fixtures, 'tq'), env },
    );
    this.pythonWorker = new Side(
      python,
      [
        '-m',
        'celery',
        '-A',
        'peer',
        'worker',
        '-Q',
        'py',
        '-c',
        '2',
        '-l',
        'info',
        '-n',
        'py@%h',
        '--without-gossip',
        '--without-mingle',
        ...pythonWorker,
      ],
      { cwd: join(fixtures, 'python'), env: peer },
    );
  }

  async ready(): Promise<this> {
    await Promise.all([
      this.tqWorker.says(/ ready\./),
      this.pythonWorker.says(/ ready\./),
      this.python.ready,
    ]);
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([
      this.client.close(),
      this.python[Symbol.asyncDispose](),
      this.tqWorker[Symbol.asyncDispose](),
      this.pythonWorker[Symbol.asyncDispose](),
    ]);
  }
}
