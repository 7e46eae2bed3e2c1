import { backendContract, serviceUrl } from '@tq/testkit';
import { redisBackend } from '../src/backend.ts';

backendContract('redis', { driver: redisBackend, url: () => serviceUrl('redis') });

backendContract('redis with a prefix', {
  driver: redisBackend,
  url: () => serviceUrl('redis'),
  options: { global_keyprefix: 'kit:' },
});
