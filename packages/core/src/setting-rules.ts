import { policyFromWire } from './publish-retry.ts';
import type { Settings } from './settings.ts';
import { wrongTlsKey } from './tls.ts';

/** What a value must be; the text ends the sentence "… must be". */
export interface Rule {
  readonly is: string;
  readonly fits: (value: unknown) => boolean;
  /** The value in tq's spelling, before it is checked. */
  readonly normal?: (value: unknown) => unknown;
}

const boolean: Rule = { is: 'true or false', fits: (value) => typeof value === 'boolean' };
const text: Rule = { is: 'a text', fits: (value) => typeof value === 'string' && value !== '' };
const texts: Rule = {
  is: 'a list of texts',
  fits: (value) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
};
const map: Rule = {
  is: 'an object',
  fits: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
};
const duration: Rule = {
  is: "seconds, or a text such as '250ms', '10s', '1h'",
  fits: (value) =>
    (typeof value === 'number' && Number.isFinite(value) && value >= 0) ||
    (typeof value === 'string' && /^\s*\d+(\.\d+)?\s*(ms|s|m|h|d)?\s*$/.test(value)),
};
const count = (least: number): Rule => ({
  is: `a whole number of at least ${least}`,
  fits: (value) => Number.isSafeInteger(value) && (value as number) >= least,
});
const between = (least: number, most: number): Rule => ({
  is: `a whole number from ${least} to ${most}`,
  fits: (value) => Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most,
});
const oneOf = (...values: readonly unknown[]): Rule => ({
  is: `one of ${values.map((value) => JSON.stringify(value)).join(', ')}`,
  fits: (value) => values.includes(value),
});
const orNull = (rule: Rule): Rule => ({
  is: `${rule.is}, or null`,
  fits: (value) => value === null || rule.fits(value),
});
const either = (a: Rule, b: Rule): Rule => ({
  is: `${a.is}, or ${b.is}`,
  fits: (value) => a.fits(value) || b.fits(value),
});
const nullAsZero = (rule: Rule): Rule => ({ ...rule, normal: (value) => value ?? 0 });
const nullAsFalse = (rule: Rule): Rule => ({ ...rule, normal: (value) => value ?? false });
const callable: Rule = { is: 'a function', fits: (value) => typeof value === 'function' };
const byteArray: Rule = { is: 'bytes', fits: (value) => value instanceof Uint8Array };
const tls: Rule = {
  is: "true, false, or an object of TLS options such as { ca: '…' }",
  fits: (value) =>
    typeof value === 'boolean' || (map.fits(value) && wrongTlsKey(value as object) === undefined),
};
const zone: Rule = { is: "a time zone such as 'Europe/London'", fits: isTimeZone };
const rate: Rule = {
  is: "a number a second, or a text such as '10/s', '100/m', '5/h'",
  fits: (value) =>
    (typeof value === 'number' && value >= 0) ||
    (typeof value === 'string' && /^\s*\d+(\.\d+)?\s*(\/\s*[smh])?\s*$/.test(value)),
};
const bytes: Rule = {
  is: "KiB, or a text such as '200MB'",
  fits: (value) =>
    count(1).fits(value) || (typeof value === 'string' && /^\s*\d+(\.\d+)?\s*[KMG]i?B\s*$/i.test(value)),
};
const exchangeType = oneOf('direct', 'topic', 'fanout', 'headers');
const queueType = oneOf('classic', 'quorum');
const queues: Rule = {
  is: 'a list or an object of queues',
  fits: (value) => typeof value === 'object' && value !== null,
};
const routes: Rule = {
  is: 'an object, a function or a list of these',
  fits: (value) => (typeof value === 'object' && value !== null) || typeof value === 'function',
};
const retryPolicy: Rule = {
  is: 'an object with maxRetries, intervalStart, intervalStep and intervalMax',
  fits: (value) =>
    map.fits(value) && Object.entries(value as object).every(([key, item]) => fitsPolicy(key, item)),
  normal: (value) => (map.fits(value) ? policyFromWire(value as Readonly<Record<string, unknown>>) : value),
};

/** What each setting must be. */
export const RULES: { readonly [K in keyof Settings]: Rule } = {
  acceptContent: texts,
  resultAcceptContent: orNull(texts),
  timezone: zone,
  enableUtc: boolean,
  imports: texts,
  include: texts,
  brokerUrl: either(text, texts),
  brokerReadUrl: orNull(either(text, texts)),
  brokerWriteUrl: orNull(either(text, texts)),
  brokerFailoverStrategy: either(oneOf('round-robin', 'shuffle'), callable),
  brokerUseSsl: tls,
  brokerHeartbeat: nullAsZero(duration),
  brokerLoginMethod: orNull(text),
  brokerPoolLimit: orNull(count(0)),
  brokerNativeDelayedDeliveryQueueType: queueType,
  brokerTransportOptions: map,
  brokerConnectionTimeout: duration,
  brokerConnectionRetry: boolean,
  brokerConnectionRetryOnStartup: boolean,
  brokerConnectionMaxRetries: orNull(count(0)),
  resultBackend: orNull(text),
  resultBackendTransportOptions: map,
  resultExpires: orNull(duration),
  resultExtended: boolean,
  resultSerializer: text,
  resultCompression: orNull(text),
  resultCacheMax: orNull(count(-1)),
  resultPersistent: nullAsFalse(boolean),
  resultBackendAlwaysRetry: boolean,
  resultChordJoinTimeout: duration,
  resultChordRetryInterval: duration,
  redisBackendUseSsl: orNull(tls),
  redisBackendHealthCheckInterval: orNull(duration),
  redisClientName: orNull(text),
  redisMaxConnections: orNull(count(1)),
  redisSocketConnectTimeout: orNull(duration),
  redisSocketTimeout: orNull(duration),
  redisRetryOnTimeout: boolean,
  redisSocketKeepalive: boolean,
  redisUsername: orNull(text),
  redisPassword: orNull(text),
  taskSerializer: text,
  taskProtocol: oneOf(1, 2),
  taskCompression: orNull(text),
  taskDefaultDeliveryMode: oneOf(1, 2, 'transient', 'persistent'),
  taskPublishRetry: boolean,
  taskPublishRetryPolicy: retryPolicy,
  publishTimeout: duration,
  maxMessageBytes: count(1),
  taskAlwaysEager: boolean,
  taskAllowErrorCbOnChordHeader: boolean,
  taskEagerPropagates: boolean,
  taskStoreEagerResult: boolean,
  taskIgnoreResult: boolean,
  taskStoreErrorsEvenIfIgnored: boolean,
  taskTrackStarted: boolean,
  taskTimeLimit: orNull(duration),
  taskSoftTimeLimit: orNull(duration),
  taskAcksLate: boolean,
  taskAcksOnFailureOrTimeout: boolean,
  taskRejectOnWorkerLost: boolean,
  taskMaxDeliveries: orNull(count(1)),
  taskDeadLetterQueue: orNull(text),
  taskDefaultRateLimit: orNull(rate),
  taskInheritParentPriority: boolean,
  taskQueues: orNull(queues),
  taskRoutes: orNull(routes),
  taskQueueMaxPriority: orNull(between(1, 255)),
  taskDefaultPriority: orNull(between(0, 255)),
  taskCreateMissingQueues: boolean,
  taskCreateMissingQueueType: queueType,
  taskCreateMissingQueueExchangeType: orNull(exchangeType),
  taskDefaultQueue: text,
  taskDefaultQueueType: queueType,
  taskDefaultExchange: orNull(text),
  taskDefaultExchangeType: exchangeType,
  taskDefaultRoutingKey: orNull(text),
  workerDirect: boolean,
  workerConcurrency: orNull(count(1)),
  workerPool: text,
  workerPrefetchMultiplier: either(count(0), oneOf('auto')),
  workerDisablePrefetch: boolean,
  workerMaxTasksPerChild: orNull(count(1)),
  workerMaxMemoryPerChild: orNull(bytes),
  workerProcAliveTimeout: duration,
  workerSoftShutdownTimeout: duration,
  workerShutdownTimeout: orNull(duration),
  workerSendTaskEvents: boolean,
  workerDisableRateLimits: boolean,
  workerEtaTaskLimit: orNull(count(0)),
  taskSendSentEvent: boolean,
  eventExchange: text,
  eventSerializer: text,
  eventQueuePrefix: text,
  eventQueueTtl: duration,
  eventQueueExpires: duration,
  eventQueueExclusive: boolean,
  eventQueueDurable: boolean,
  workerEnableRemoteControl: boolean,
  workerStateDb: orNull(text),
  workerPoolRestarts: boolean,
  workerRevokesMax: count(0),
  workerRevokeExpires: duration,
  controlExchange: text,
  controlQueueTtl: duration,
  controlQueueExpires: duration,
  controlQueueDurable: boolean,
  controlQueueExclusive: boolean,
  securityKey: orNull(text),
  securityKeyPassword: orNull(either(text, byteArray)),
  securityCertificate: orNull(text),
  securityCertStore: orNull(text),
  securityDigest: text,
  workerLogColor: orNull(boolean),
  workerLogFormat: text,
  workerTaskLogFormat: text,
};

function fitsPolicy(key: string, value: unknown): boolean {
  if (key === 'maxRetries') return orNull(count(0)).fits(value);
  return ['intervalStart', 'intervalStep', 'intervalMax'].includes(key) && duration.fits(value);
}

function isTimeZone(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  try {
    return Intl.DateTimeFormat('en', { timeZone: value }) !== undefined;
  } catch {
    return false;
  }
}
