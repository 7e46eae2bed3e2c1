import type { EventSink } from '@tq/core';

/** Nobody listens. */
export const silentEvents: EventSink = { enabled: false, send() {} };
