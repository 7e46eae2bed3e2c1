import { backendContract, brokerThrough, uniqueName } from '@tq/testkit';
import { memory } from '@tq/memory';
import { sqlite } from '@tq/sqlite';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rpcBackend } from '../src/backend.ts';

const folder = mkdtempSync(join(tmpdir(), 'tq-rpc-'));
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));

backendContract('rpc over memory', {
  driver: rpcBackend,
  url: () => new URL(`rpc://${uniqueName('kit')}`),
  broker: (url) => brokerThrough(memory, new URL(`memory://${url.host}`)),
});

backendContract('rpc over sqlite', {
  driver: rpcBackend,
  url: () => new URL('rpc://'),
  broker: () => brokerThrough(sqlite, new URL(`sqlite://${join(folder, 'queue.db')}`)),
});
