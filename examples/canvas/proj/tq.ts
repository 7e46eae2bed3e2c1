import { createApp } from '@tq/core';

// Work-flows need a result backend: sqlite://, redis://, rpc:// or memory://.
export const app = createApp('proj', {
  broker: 'sqlite://',
  backend: 'sqlite://',
  include: ['proj/tasks'],
});
