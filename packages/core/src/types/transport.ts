import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';
import type { TlsOptions } from './tls.ts';

/**
 * A way to reach a broker. One value per driver package, without state: everything opened belongs to the
 * connection it returns.
 */
export interface Transport {
  readonly traits: TransportTraits;
  /** Rejects with `BrokerUnavailableError` when the broker can't be reached. */
  connect(url: URL, options: ConnectOptions): Promise<Connection>;
  /** Where a URL leads that doesn't say so itself, for people. @default the URL without its password */
  place?(url: URL): string;
}

/** What differs between brokers, as data. Nobody above asks for a broker's name. */
export interface TransportTraits {
  /** For display only. */
  readonly driver: string;
  /** Celery publishes events differently on Redis. */
  readonly eventExchange: 'topic' | 'fanout';
  readonly redelivery: 'on-disconnect' | 'after-visibility-timeout';
  /** How many levels of urgency the broker tells apart; 1 = none. */
  readonly priorities: number;
  /** Whether prefetch() may change while consuming; false on RabbitMQ quorum queues. */
  readonly adjustablePrefetch: boolean;
  /** Whether the broker itself holds a message until `Address.notBeforeMs`; otherwise the worker waits. */
  readonly delays: boolean;
  /** Whether other processes can reach the same queues. */
  readonly shared: boolean;
}

/** What an app gives a transport. */
export interface ConnectOptions {
  readonly logger: Logger;
  readonly clock: Clock;
  /** The setting `brokerTransportOptions`, as the user gave it. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Longest wait for the connection. Milliseconds. */
  readonly timeoutMs: number;
  /** The setting `brokerUseSsl`, files read; absent = as the URL says. */
  readonly tls?: true | TlsOptions;
  /** The setting `brokerHeartbeat`, 0 = none; absent = the driver's own. Milliseconds. */
  readonly heartbeatMs?: number;
  /** The setting `brokerLoginMethod`. */
  readonly loginMethod?: string;
  /** The setting `brokerNativeDelayedDeliveryQueueType`. */
  readonly delayQueueType?: 'classic' | 'quorum';
  /** Gives up connecting. */
  readonly signal?: AbortSignal;
}

/** A link to a broker. */
export interface Connection extends AsyncDisposable {
  readonly traits: TransportTraits;
  /** Resolves, never rejects, when the link is gone: `undefined` after close(), otherwise the reason. */
  readonly closed: Promise<Error | undefined>;
  openChannel(): Promise<Channel>;
  /** Settles always; a second call returns the same promise. */
  close(): Promise<void>;
}

/** The verbs of AMQP 0-9-1 that Celery uses. */
export interface Channel extends AsyncDisposable {
  declareExchange(exchange: ExchangeSpec): Promise<void>;
  declareQueue(queue: QueueSpec): Promise<QueueInfo>;
  bindQueue(binding: Binding): Promise<void>;
  /** Resolves when the broker has taken responsibility for the message. Calls of one tick travel together. */
  publish(message: Message, to: Address): Promise<void>;
  consume(
    queue: string,
    onDelivery: (delivery: Delivery) => void,
    options?: ConsumeOptions,
  ): Promise<Consumer>;
  /** The most deliveries this channel may hold unacknowledged; 0 = no limit. */
  prefetch(count: number): Promise<void>;
  /** Resolves with the number of messages removed. */
  purgeQueue(queue: string): Promise<number>;
  deleteQueue(queue: string): Promise<void>;
  /** Resolves when every acknowledgement given so far is on its way. */
  flush(): Promise<void>;
  /** Stops its consumers; what they held unacknowledged goes back to its queues. */
  close(): Promise<void>;
}

/** How an exchange sorts: by equal key, by key pattern, to everybody, by headers. */
export type ExchangeType = 'direct' | 'topic' | 'fanout' | 'headers';

/** An exchange to declare. */
export interface ExchangeSpec {
  readonly name: string;
  readonly type: ExchangeType;
  /** @default true */
  readonly durable?: boolean;
  /** @default false */
  readonly autoDelete?: boolean;
  readonly arguments?: Readonly<Record<string, unknown>>;
}

/** A queue to declare. */
export interface QueueSpec {
  readonly name: string;
  /** @default true */
  readonly durable?: boolean;
  /** @default false */
  readonly exclusive?: boolean;
  /** @default false */
  readonly autoDelete?: boolean;
  readonly arguments?: Readonly<Record<string, unknown>>;
}

/** What the broker says of a queue. */
export interface QueueInfo {
  readonly name: string;
  /** Messages ready to be delivered. */
  readonly messages: number;
  /** Consumers known to the broker; 0 where it can't tell. */
  readonly consumers: number;
}

/** What an exchange hands to a queue. */
export interface Binding {
  readonly exchange: string;
  readonly queue: string;
  readonly routingKey: string;
  readonly arguments?: Readonly<Record<string, unknown>>;
}

/** Where a message goes. The exchange `''` delivers to the queue named by the routing key. */
export interface Address {
  readonly exchange: string;
  readonly routingKey: string;
  /** The earliest moment of delivery, for brokers whose `traits.delays` is true. Unix milliseconds. */
  readonly notBeforeMs?: number;
  /** A message that no queue takes is refused with PublishError, where the broker can tell. @default false: it is dropped */
  readonly mandatory?: boolean;
}

/** Already encoded body, AMQP basic properties, application headers. */
export interface Message {
  readonly body: Uint8Array;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly properties: Readonly<MessageProperties>;
}

/** AMQP basic properties; an absent one isn't sent. Spec: message.md 1.1. */
export interface MessageProperties {
  readonly contentType?: string;
  readonly contentEncoding?: string;
  /** 1 transient, 2 persistent. */
  readonly deliveryMode?: number;
  /** 0 to 255, as it stands on the wire. */
  readonly priority?: number;
  readonly correlationId?: string;
  readonly replyTo?: string;
  /** Remaining life in milliseconds, as decimal text. */
  readonly expiration?: string;
  readonly messageId?: string;
  readonly timestamp?: number;
  readonly type?: string;
  readonly userId?: string;
  readonly appId?: string;
}

/** A message handed to a consumer, to be acknowledged or rejected once. */
export interface Delivery {
  readonly message: Message;
  readonly queue: string;
  readonly exchange: string;
  readonly routingKey: string;
  readonly redelivered: boolean;
  /** How often the broker has handed this message out, this time included; absent where it doesn't count. */
  readonly deliveries?: number;
  /** Collected and sent once a tick, in batches; a link lost before that means redelivery, which at-least-once allows. */
  ack(): void;
  /** With `requeue` the message goes back to its place and this delivery doesn't count; without, the broker drops it. */
  reject(options: { readonly requeue: boolean }): void;
}

/** How to consume a queue. */
export interface ConsumeOptions {
  /** Broker forgets the message on delivery; nothing to acknowledge. @default false */
  readonly noAck?: boolean;
  /** Shown in the broker's own listings. @default generated */
  readonly tag?: string;
  /** Handed to an AMQP broker as they are, such as `x-priority`; others ignore them. */
  readonly arguments?: Readonly<Record<string, unknown>>;
}

/** A subscription to a queue. */
export interface Consumer {
  readonly tag: string;
  readonly queue: string;
  /** No further deliveries after it resolves. What was delivered may still be acknowledged. */
  cancel(): Promise<void>;
}
