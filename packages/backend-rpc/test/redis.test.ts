import { redis } from '@tq/broker-redis';
import { backendContract, brokerThrough, startRedis } from '@tq/testkit';
import type { TestServer } from '@tq/testkit';
import { rpcBackend } from '../src/backend.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.end());

backendContract('rpc over Redis', {
  driver: rpcBackend,
  url: () => new URL('rpc://'),
  broker: () => brokerThrough(redis, server.url),
});
