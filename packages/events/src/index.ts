/**
 * Events: what workers and clients tell of themselves and their tasks, on Celery's wire.
 *
 * ```ts
 * import { eventsOf } from '@tq/events';
 *
 * for await (const event of eventsOf(app)) console.log(event.hostname, event.type, event.uuid);
 * ```
 */
export { camera } from './camera.ts';
export type { CameraOptions } from './camera.ts';
export { clientEvents } from './client-events.ts';
export { Dispatcher } from './dispatcher.ts';
export type { DispatcherOptions } from './dispatcher.ts';
export { listenToEvents } from './listen.ts';
export type { ListenOptions } from './listen.ts';
export { EventReceiver } from './receiver.ts';
export type { CaptureOptions, ReceiverOptions } from './receiver.ts';
export { ClusterState } from './state.ts';
export type { ClusterStateOptions, TaskQuery } from './state.ts';
export { eventsOf } from './stream.ts';
export type { EventsOptions } from './stream.ts';
export type { TaskInfo } from './task-info.ts';
export { groupOf, routingKeyOf, stateAfter } from './vocabulary.ts';
export type { ReceivedEvent } from './vocabulary.ts';
export { readEvents } from './wire.ts';
export type { ReadEvents } from './wire.ts';
export type { WorkerInfo } from './worker-info.ts';
