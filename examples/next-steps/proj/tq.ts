import { createApp } from '@tq/core';

// One machine needs no server: queues and results live in the file .tq/queue.db.
// Past one machine it is broker: 'amqp://…' or 'redis://…', and nothing else changes.
export const app = createApp('proj', {
  broker: 'sqlite://',
  backend: 'sqlite://',
  include: ['proj/tasks'],
});

// Optional configuration.
app.conf.update({ resultExpires: 3600 });
