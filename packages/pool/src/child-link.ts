import { parentPort } from 'node:worker_threads';
import { ImproperlyConfigured } from '@tq/core';
import type { Speaker } from './job-loop.ts';
import { parentIsGone } from './parent-process.ts';
import { ProcessSpeaker } from './process-speaker.ts';
import type { ChildMessage, ParentMessage } from './wire.ts';

/** A host's way to its pool. */
export interface Link extends Speaker {
  listen(hear: (messages: readonly ParentMessage[]) => void): void;
  /** From now on something may be kept back a moment if it is noted. */
  takeNotes(): void;
}

/** The link of this process or thread. */
export function openLink(): Link {
  if (parentPort) return threadLink(parentPort);
  if (process.connected) return processLink();
  throw new ImproperlyConfigured(
    'This module is loaded by the child processes and threads of a pool and does nothing by itself. Start a worker instead.',
  );
}

/** A message that was posted has left, whatever the thread does next. */
function threadLink(port: NonNullable<typeof parentPort>): Link {
  const say = (message: ChildMessage): void => port.postMessage(message);
  return {
    say,
    note: say,
    flush: () => undefined,
    takeNotes: () => undefined,
    listen: (hear) => void port.on('message', hear),
  };
}

function processLink(): Link {
  const speaker = new ProcessSpeaker();
  return {
    say: (message) => speaker.say(message),
    note: (message, nowMs) => speaker.note(message, nowMs),
    flush: () => speaker.flush(),
    takeNotes: () => speaker.takeNotes(),
    listen(hear) {
      process.on('message', (messages) => {
        // Messages of a dead parent come before the news of its death.
        if (parentIsGone()) process.exit(1);
        hear(messages as ParentMessage[]);
      });
    },
  };
}
