import { backendContract } from '@tq/testkit';
import { redisBackend } from '../src/backend.ts';
import { redisUrl } from './server.ts';

backendContract('redis', { driver: redisBackend, url: () => redisUrl() });
