export {
  AlreadyRegistered,
  BackendUnavailableError,
  BrokerUnavailableError,
  ConsumerFrozenError,
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
  SecurityError,
  SoftTimeLimitExceeded,
  TaskRevokedError,
  TimeLimitExceeded,
  TimeoutError,
  TqError,
  WorkerLostError,
  WorkerShutdown,
} from './errors.ts';
export type { PublishFailure } from './errors.ts';
export { silentLogger } from './logger.ts';
export { systemClock } from './clock.ts';
export { App, createApp, isApp } from './app.ts';
export type { AppOptions } from './app.ts';
export type { BackendSetting } from './connections.ts';
export type { ErrorRegistry } from './message/error-registry.ts';
export type { CallOptions, SignatureLike } from './call-options.ts';
export type { Conf, Config, SettingName } from './config.ts';
export type { BrokerSetting } from './connect.ts';
export { allowJoinResult, current, TaskContext } from './context.ts';
export type { RetryOptions } from './context.ts';
export { defineTask } from './define-task.ts';
export type { DefinedTask } from './define-task.ts';
export type { Duration, Instant } from './duration.ts';
export { Ignore, Reject, Retry } from './flow.ts';
export { broadcast, workerDirect } from './queue-definition.ts';
export type { BindingDefinition, ExchangeDefinition, QueueDefinition } from './queue-definition.ts';
export { GroupResult, ResultSet } from './group-result.ts';
export { AsyncResult } from './result.ts';
export type { GetOptions, ResultHandle } from './result.ts';
export type {
  RouteFunction,
  RouteMap,
  RouteOptions,
  RoutePair,
  RouterObject,
  RouteTarget,
  TaskRoutes,
} from './routing.ts';
export { SentCall } from './sent-call.ts';
export type { PublishRetryPolicy, Settings } from './settings.ts';
export { Signature } from './signature.ts';
export type { AnySignature } from './signature.ts';
export type { DoesNotFit, Fits, GivesOf, HandleOf, NeedsOf, Unrolled } from './signature-types.ts';
export type { Stamper, Stamps } from './stamp.ts';
export type { AnyTask, Task } from './task.ts';
export type {
  ErrorClass,
  StandardSchema,
  TaskDefinition,
  TaskHooks,
  TaskOptions,
} from './task-definition.ts';
export type { HookEvents, Interceptor, PublishCall } from './types/hooks.ts';
export type { SignatureData } from './types/signature.ts';
export type {
  BackendDriver,
  BackendOptions,
  BackendSettings,
  BrokerAccess,
  ChordPart,
  ChordProgress,
  Content,
  GroupStore,
  ReplyRoute,
  ResultBackend,
  ResultCodec,
  ResultTuple,
  TaskMeta,
  TaskState,
  WireError,
} from './types/backend.ts';
export type {
  Abandoned,
  CanvasModule,
  ChordEnd,
  FailedRequest,
  FinishedTask,
  NextCall,
  Plan,
  ReplacedTask,
} from './types/canvas.ts';
export type { Clock } from './types/clock.ts';
export type { Component } from './types/component.ts';
export type {
  Addressees,
  Answers,
  AppCommand,
  AskOptions,
  CommandArgument,
  CommandFacts,
  CommandHandler,
  CommandOptions,
  CommandTarget,
  ConsumerOptions,
  Control,
  Done,
  Inspect,
  Replies,
  RevokeOptions,
  ScheduledTask,
  TaskInfo,
} from './types/control.ts';
export type { Event, EventFields, EventHead, EventSink, FieldsOf, WorkerVitals } from './types/events.ts';
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
export { registerType } from './serialize/custom-types.ts';
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
export type { SecurityOptions } from './security/setup.ts';
export type { TlsOptions, TlsSetting } from './types/tls.ts';
export { Decimal, PlainDate, PlainTime, Uuid } from './values.ts';
