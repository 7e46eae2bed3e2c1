import type { App, TaskInfo } from '@tq/core';
import { decodeMessage } from '@tq/core/internal';
import type { Held } from '../consume/held.ts';

/** A request as remote control shows it. With `safe` the arguments are texts; so are those that can't be read. Spec: control.md 4. */
export function taskInfo(
  app: App,
  hostname: string,
  held: Held,
  {
    safe = false,
    place = placeOf(held),
  }: { readonly safe?: boolean; readonly place?: Place | undefined } = {},
): TaskInfo {
  const { request, delivery } = held;
  const { args, kwargs } = (safe ? undefined : argumentsOf(app, held)) ?? {
    args: request.argsrepr,
    kwargs: request.kwargsrepr,
  };
  return {
    id: request.id,
    name: request.shadow ?? request.task,
    args,
    kwargs,
    type: request.task,
    hostname,
    time_start: place ? place.sinceMs / 1000 : null,
    acknowledged: held.acked,
    delivery_info: {
      exchange: delivery.exchange,
      routing_key: delivery.routingKey,
      priority: request.deliveryInfo.priority ?? 0,
      redelivered: delivery.redelivered,
    },
    worker_pid: place?.pid ?? null,
  };
}

export interface Place {
  readonly pid: number;
  readonly sinceMs: number;
}

/** Where a request runs; undefined while it waits. */
export function placeOf({ runs, execution }: Held): Place | undefined {
  const place = execution?.place();
  return place && runs ? { pid: runs.pid, sinceMs: runs.atMs } : place;
}

function argumentsOf(app: App, held: Held): Pick<TaskInfo, 'args' | 'kwargs'> | undefined {
  try {
    const { args, kwargs } = decodeMessage(app, held.delivery.message);
    return { args, kwargs };
  } catch {
    return undefined; // its own worker says what is wrong with it, when it runs
  }
}
