import { threads } from '@tq/pool';
import { poolContract } from '@tq/testkit';
import { entry, handler } from './fixtures/index.ts';

poolContract('threads', { pool: threads, entry, handler });
