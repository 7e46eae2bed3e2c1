import type { App } from '@tq/core';

/** What a monitor asks of workers; remote control does it. */
export interface Steering {
  /** Ask for a sign of life. */
  heartbeat(): Promise<unknown>;
  enableEvents(): Promise<unknown>;
  revoke(id: string): Promise<unknown>;
  /** '10/s', '100/m', '5/h', or '0' for no limit. */
  rateLimit(task: string, rate: string): Promise<unknown>;
}

/** The app's remote control, where there is one. */
export function steeringOf(app: App): Steering | undefined {
  return (app as unknown as { readonly control?: Steering }).control;
}

/** Asks workers to show themselves, as Celery's monitors do; a broker that refuses it leaves their next heartbeat. */
export async function wake(steering: Steering | undefined): Promise<void> {
  await steering?.enableEvents();
  await steering?.heartbeat();
}
