import { asyncPool } from '@tq/pool';
import { poolContract } from '@tq/testkit';
import { entry, handler } from './fixtures/index.ts';

poolContract('async', { pool: asyncPool, entry, handler });
