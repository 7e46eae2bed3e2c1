import type { App, EventSink } from '@tq/core';
import { senderName } from '@tq/core/internal';
import { Dispatcher } from './dispatcher.ts';

/** What an app sends `task-sent` through; core asks for it where the setting taskSendSentEvent is on. */
export function clientEvents(app: App): EventSink & AsyncDisposable {
  return new Dispatcher({ app, hostname: senderName(), taskEvents: true, batched: false });
}
