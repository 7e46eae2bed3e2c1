import type { PreparedCall } from './call.ts';
import type { Config } from './config.ts';
import type { Producer } from './producer.ts';
import { queueNamed } from './queues.ts';
import type { Route } from './routing.ts';
import type { Interceptor, PublishCall } from './types/hooks.ts';

/** Publishes a call through interceptors, the first of them outermost. */
export function publishThrough(
  interceptors: readonly Interceptor[],
  call: PreparedCall,
  producer: Producer,
  config: Config,
): Promise<void> {
  let next = (changed: PublishCall): Promise<void> =>
    producer.publish(changed.message, routeOf(changed, call.route, config), call.plan);
  for (const interceptor of interceptors.toReversed()) {
    const wrapped = interceptor.publish?.bind(interceptor);
    if (!wrapped) continue;
    const inner = next;
    next = (changed) => wrapped(changed, inner);
  }
  const { task, id, message, route } = call;
  return next({ task, id, message, exchange: route.exchange, routingKey: route.routingKey });
}

/** An interceptor may have sent it another way. */
function routeOf({ exchange, routingKey }: PublishCall, planned: Route, config: Config): Route {
  if (exchange === planned.exchange && routingKey === planned.routingKey) return planned;
  if (exchange !== '') return { exchange, routingKey };
  return { exchange, routingKey, queue: queueNamed(routingKey, config) };
}
