import type { App } from '@tq/core';

/** Asks workers for a sign of life, as Celery's monitors do; with it they look anew whether anybody hears of tasks. */
export async function wake(app: App): Promise<void> {
  await app.control.heartbeat();
}
