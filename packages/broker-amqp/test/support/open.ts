import { afterEach } from '@jest/globals';
import { systemClock } from '@tq/core';
import type { Connection } from '@tq/core';
import { memoryLogger, serviceUrl } from '@tq/testkit';
import { amqp } from '../../src/transport.ts';

export const logger = memoryLogger();

const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const undo of cleanUp.splice(0).reverse()) await undo();
  logger.clear();
});

/** Closed, ended or removed after the test. */
export function afterwards(undo: () => Promise<unknown>): void {
  cleanUp.push(undo);
}

export interface OpenOptions {
  readonly url?: URL | string;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export async function open(given: OpenOptions = {}): Promise<Connection> {
  const { url = serviceUrl('amqp'), options = {}, timeoutMs = 5000, signal } = given;
  const connection = await amqp.connect(new URL(url), {
    logger,
    clock: systemClock,
    options,
    timeoutMs,
    ...(signal ? { signal } : {}),
  });
  afterwards(() => connection.close());
  return connection;
}
