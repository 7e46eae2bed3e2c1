import { backendSettings } from './backend-settings.ts';
import type { Config } from './config.ts';
import { connectAny, failoverOrder, resolveBroker } from './connect.ts';
import type { BrokerSetting, Endpoint } from './connect.ts';
import { findBackend } from './drivers.ts';
import { durationMs } from './duration.ts';
import { BackendUnavailableError, ClosedError, ResultsDisabled, toError, TqError } from './errors.ts';
import { Lazy } from './lifecycle.ts';
import { resultCodec } from './message/result-codec.ts';
import { Producer } from './producer.ts';
import type { Serializers } from './serialize/registry.ts';
import { tlsOptions } from './tls.ts';
import type { BackendDriver, BrokerAccess, ResultBackend } from './types/backend.ts';
import type { Clock } from './types/clock.ts';
import type { Logger } from './types/logger.ts';
import type { Connection, ConnectOptions } from './types/transport.ts';
import { maskUrl, parseUrl } from './url.ts';

/** A result backend as an app names it: a URL, null for none, or a driver with its URL. */
export type BackendSetting = string | null | { readonly driver: BackendDriver; readonly url?: string };

/** Between the addresses of several Sentinels. */
const SEPARATOR = /\s*;\s*(?=[a-z+]+:\/\/)/;

/** What a connection to the broker is for. */
export type Purpose = 'reading' | 'writing';

/** Addresses of the broker, and where among them to begin. */
interface Addresses {
  readonly endpoints: Lazy<readonly Endpoint[]>;
  first: number;
}

/** What an app's connections ask it for; settings may change at any time. */
export interface ConnectionsHost {
  readonly name: string;
  readonly folder: string;
  /** Queue of its answers. */
  readonly oid: string;
  readonly config: Config;
  /** Where messages are, to consume them or to publish them. */
  brokerSettingFor(purpose: Purpose): BrokerSetting;
  readonly backendSetting: BackendSetting;
  readonly serializers: Serializers;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** An app's ways to the broker and to results: opened at first use, anew after their setting has changed, closed once. */
export class Connections {
  readonly #app: ConnectionsHost;
  readonly #addresses: Readonly<Record<Purpose, Addresses>>;
  readonly #backend: Lazy<ResultBackend>;
  #producer: Producer | undefined;
  /** What was open when its setting changed: calls may still be in it, so it stays until the end. */
  readonly #outdatedProducers: (() => Promise<void>)[] = [];
  readonly #outdatedBackends: (() => Promise<void>)[] = [];
  #closing: Promise<void> | undefined;

  constructor(app: ConnectionsHost) {
    this.#app = app;
    const addresses = (purpose: Purpose): Addresses => ({
      endpoints: new Lazy(async () => resolveBroker(app.brokerSettingFor(purpose), app.folder)),
      first: 0,
    });
    this.#addresses = { reading: addresses('reading'), writing: addresses('writing') };
    this.#backend = new Lazy(() => this.#openBackend());
  }

  /** The one publisher of this process. */
  producer(): Producer {
    if (this.#closing) throw this.#closed();
    return this.#publisher();
  }

  #publisher(): Producer {
    this.#producer ??= new Producer({
      open: (signal) => this.connect({ signal, purpose: 'writing' }),
      clock: this.#app.clock,
      owner: `The app ${this.#app.name}`,
    });
    return this.#producer;
  }

  /** Opens a connection to the broker: each address once, beginning with the one that answered last. */
  async connect(
    options: { readonly signal?: AbortSignal; readonly purpose?: Purpose } = {},
  ): Promise<Connection> {
    const { config } = this.#app;
    const addresses = this.#addresses[options.purpose ?? 'reading'];
    const endpoints = await addresses.endpoints.get();
    const order = failoverOrder(endpoints, addresses.first, config.brokerFailoverStrategy);
    const { connection, index } = await connectAny(endpoints, order, this.#connectOptions(options.signal));
    addresses.first = index;
    // Whoever reconnects after a loss begins with the next address.
    void connection.closed.then((reason) => {
      if (reason) addresses.first = (index + 1) % endpoints.length;
    });
    return connection;
  }

  #connectOptions(signal: AbortSignal | undefined): ConnectOptions {
    const { logger, clock, config } = this.#app;
    const tls = tlsOptions(config.brokerUseSsl);
    return {
      logger,
      clock,
      options: config.brokerTransportOptions,
      timeoutMs: durationMs(config.brokerConnectionTimeout, 'brokerConnectionTimeout'),
      heartbeatMs: durationMs(config.brokerHeartbeat, 'brokerHeartbeat'),
      delayQueueType: config.brokerNativeDelayedDeliveryQueueType,
      ...(tls === undefined ? {} : { tls }),
      ...(config.brokerLoginMethod === null ? {} : { loginMethod: config.brokerLoginMethod }),
      ...(signal ? { signal } : {}),
    };
  }

  /** @throws ResultsDisabled when there is none, BackendUnavailableError */
  resultBackend(): Promise<ResultBackend> {
    if (this.#closing) return Promise.reject(this.#closed());
    return this.#backend.get();
  }

  /** The same, if it is open already. */
  get openBackend(): ResultBackend | undefined {
    return this.#closing ? undefined : this.#backend.value;
  }

  /** Another broker from now on. */
  brokerChanged(): void {
    for (const addresses of Object.values(this.#addresses)) {
      void addresses.endpoints.reset();
      addresses.first = 0;
    }
    const producer = this.#producer;
    if (producer) this.#outdatedProducers.push(() => producer[Symbol.asyncDispose]());
    this.#producer = undefined;
  }

  /** Another result backend from now on. */
  backendChanged(): void {
    const opening = this.#backend.reset();
    if (opening) this.#outdatedBackends.push(() => dispose(opening));
  }

  /** Settles when everything is closed; what fails on the way doesn't keep the rest open. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    // Backends first: what they still have to store may travel by message.
    this.backendChanged();
    const backends = await settleAll(this.#outdatedBackends);
    this.brokerChanged();
    const ends = [...backends, ...(await settleAll(this.#outdatedProducers))];
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed) throw failed.reason;
  }

  #closed(): ClosedError {
    return new ClosedError(`The app ${this.#app.name}`);
  }

  #brokerAccess(): BrokerAccess {
    const { config, oid } = this.#app;
    return {
      replyTo: oid,
      connect: (options) => this.connect(options),
      publish: (message, { exchange, routingKey, mandatory = false }) =>
        this.#publisher().publish(
          message,
          { exchange, routingKey },
          {
            timeoutMs: durationMs(config.publishTimeout, 'publishTimeout'),
            retry: config.taskPublishRetry ? config.taskPublishRetryPolicy : undefined,
            notBeforeMs: undefined,
            mandatory,
          },
        ),
    };
  }

  async #openBackend(): Promise<ResultBackend> {
    const { config, serializers, logger, clock, backendSetting, folder } = this.#app;
    const { driver, url, fallbacks } = await backendOf(backendSetting, folder);
    const { resultExpires, resultBackendTransportOptions } = config;
    const expiresMs = resultExpires === null ? 0 : durationMs(resultExpires, 'resultExpires');
    try {
      return await driver.connect(url, {
        logger,
        clock,
        options: resultBackendTransportOptions,
        expiresMs: expiresMs > 0 ? expiresMs : undefined,
        timeoutMs: durationMs(config.brokerConnectionTimeout, 'brokerConnectionTimeout'),
        fallbacks,
        persistent: config.resultPersistent,
        broker: this.#brokerAccess(),
        codec: resultCodec(config, serializers),
        settings: backendSettings(config),
      });
    } catch (error) {
      if (error instanceof TqError) throw error;
      const message = maskUrl(toError(error).message);
      throw new BackendUnavailableError(`Can't reach the result backend: ${message}`, { cause: error });
    }
  }
}

interface FoundBackend {
  readonly driver: BackendDriver;
  readonly url: URL;
  readonly fallbacks: readonly URL[];
}

async function backendOf(setting: BackendSetting, folder: string): Promise<FoundBackend> {
  if (setting === null) throw new ResultsDisabled();
  const text = typeof setting === 'string' ? setting : (setting.url ?? 'driver://');
  const [url, ...fallbacks] = text.split(SEPARATOR).map((each) => parseUrl(each, 'result backend')) as [
    URL,
    ...URL[],
  ];
  return {
    driver: typeof setting === 'string' ? await findBackend(url, folder) : setting.driver,
    url,
    fallbacks,
  };
}

function settleAll(ends: (() => Promise<void>)[]): Promise<readonly PromiseSettledResult<void>[]> {
  return Promise.allSettled(ends.splice(0).map((end) => end()));
}

async function dispose(opening: Promise<ResultBackend>): Promise<void> {
  // One that could not be opened has told whoever asked for it.
  const backend = await opening.catch(() => undefined);
  await backend?.[Symbol.asyncDispose]();
}
