export {
  AlreadyRegistered,
  BackendUnavailableError,
  BrokerUnavailableError,
  ChordError,
  ClosedError,
  ContentDisallowed,
  DecodeError,
  EncodeError,
  ImproperlyConfigured,
  JoinInsideTask,
  MaxRetriesExceededError,
  MissingPackage,
  NotRegistered,
  PoolStartError,
  PublishError,
  RemoteError,
  ResultsDisabled,
  SoftTimeLimitExceeded,
  TaskRevokedError,
  TimeLimitExceeded,
  TimeoutError,
  TqError,
  WorkerLostError,
  WorkerShutdown,
} from './errors.ts';
export { silentLogger } from './logger.ts';
export { systemClock } from './clock.ts';
export type { SignatureData } from './signature.ts';
export type {
  BackendDriver,
  BackendOptions,
  ChordPart,
  GroupStore,
  ReplyRoute,
  ResultBackend,
  ResultTuple,
  TaskMeta,
  TaskState,
  WireError,
} from './types/backend.ts';
export type { Clock } from './types/clock.ts';
export type { Component } from './types/component.ts';
export type { EventFields, EventSink } from './types/events.ts';
export type { LogFields, LogLevel, Logger } from './types/logger.ts';
export type {
  AbortReason,
  Embed,
  Execution,
  HostLog,
  Job,
  JobContext,
  JobHandler,
  JobWatcher,
  Outcome,
  Pool,
  PoolFactory,
  PoolHost,
  PoolStats,
  PoolTraits,
  RetryChanges,
} from './types/pool.ts';
export type { DeliveryInfo, RunningRequest, TaskRequest } from './types/request.ts';
export type { Encoded, Serializer } from './types/serializer.ts';
export type {
  Address,
  Binding,
  Channel,
  Connection,
  ConnectOptions,
  Consumer,
  ConsumeOptions,
  Delivery,
  ExchangeSpec,
  ExchangeType,
  Message,
  MessageProperties,
  QueueInfo,
  QueueSpec,
  Transport,
  TransportTraits,
} from './types/transport.ts';
