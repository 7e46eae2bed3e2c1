import { prefork } from '@tq/pool';
import { poolContract } from '@tq/testkit';
import { entry, handler } from './fixtures/index.ts';

poolContract('prefork', { pool: prefork, entry, handler });
