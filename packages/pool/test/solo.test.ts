import { solo } from '@tq/pool';
import { poolContract } from '@tq/testkit';
import { entry, handler } from './fixtures/index.ts';

poolContract('solo', { pool: () => solo(), entry, handler });
