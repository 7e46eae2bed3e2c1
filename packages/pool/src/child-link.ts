import { writeSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { ImproperlyConfigured } from '@tq/core';
import { REPORT_FD } from './wire.ts';
import type { ChildMessage, ParentMessage } from './wire.ts';

/** A host's way to its pool. */
export interface Link {
  /** On its way when this returns. Throws when the message can't be put into words. */
  say(message: ChildMessage): void;
  listen(hear: (messages: readonly ParentMessage[]) => void): void;
}

/** The link of this process or thread. */
export function openLink(): Link {
  if (parentPort) return threadLink(parentPort);
  if (process.connected) return processLink();
  throw new ImproperlyConfigured(
    'This module is loaded by the child processes and threads of a pool and does nothing by itself. Start a worker instead.',
  );
}

function threadLink(port: NonNullable<typeof parentPort>): Link {
  return {
    say: (message) => port.postMessage(message),
    listen: (hear) => void port.on('message', hear),
  };
}

function processLink(): Link {
  return {
    say: (message) => write(`${JSON.stringify(message)}\n`),
    listen: (hear) => void process.on('message', (messages) => hear(messages as ParentMessage[])),
  };
}

const scratch = Buffer.alloc(64 * 1024);

function write(text: string): void {
  const fits = text.length * 3 <= scratch.length;
  const bytes = fits ? scratch : Buffer.from(text);
  const length = fits ? scratch.write(text, 0) : bytes.length;
  for (let at = 0; at < length;) at += writeSome(bytes, at, length - at);
}

const pause = new Int32Array(new SharedArrayBuffer(4));

function writeSome(bytes: Buffer, at: number, length: number): number {
  try {
    return writeSync(REPORT_FD, bytes, at, length);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Nobody is left to work for: run nothing more.
    if (code === 'EPIPE' || code === 'ECONNRESET') process.exit(1);
    if (code !== 'EAGAIN') throw error;
    Atomics.wait(pause, 0, 0, 1);
    return 0;
  }
}
