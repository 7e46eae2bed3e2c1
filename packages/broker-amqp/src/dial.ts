import { connect, credentials } from 'amqplib';
import type { ChannelModel } from 'amqplib';
import type { ConnectOptions } from '@tq/core';
import { connectFailure } from './failure.ts';
import type { AmqpSettings } from './settings.ts';

/** An open connection of the client library, and a way to end it without asking anybody. */
export interface Dialled {
  readonly model: ChannelModel;
  /** Destroys the socket. */
  readonly cut: () => void;
}

/** Opens a connection. @throws BrokerUnavailableError, ImproperlyConfigured when the broker won't have us */
export async function dial(settings: AmqpSettings, options: ConnectOptions): Promise<Dialled> {
  options.signal?.throwIfAborted();
  const timeoutMs = settings.connectTimeoutMs ?? options.timeoutMs;
  const socket = new AbortController();
  const cut = (): void => socket.abort();
  let isLate = false;
  const limit = setTimeout(() => {
    isLate = true;
    cut();
  }, timeoutMs);
  options.signal?.addEventListener('abort', cut, { once: true });
  try {
    const model = await connect(where(settings), {
      ...settings.tls,
      noDelay: true,
      keepAlive: true,
      clientProperties: settings.clientProperties,
      // Node's sockets end when it fires: the only way to end one that the library is still opening.
      signal: socket.signal,
    } as Parameters<typeof connect>[1]);
    return { model, cut };
  } catch (error) {
    cut();
    options.signal?.throwIfAborted();
    throw connectFailure(error, settings, isLate ? timeoutMs : undefined);
  } finally {
    clearTimeout(limit);
    options.signal?.removeEventListener('abort', cut);
  }
}

function where(settings: AmqpSettings) {
  const { user, password, loginMethod } = settings;
  const login = {
    PLAIN: () => credentials.plain(user, password),
    AMQPLAIN: () => credentials.amqplain(user, password),
    EXTERNAL: () => ({ ...credentials.external(), username: user, password: '' }),
  }[loginMethod]();
  return {
    protocol: settings.tls ? 'amqps' : 'amqp',
    hostname: settings.host,
    port: settings.port,
    username: user,
    password,
    credentials: login,
    // Escaped, since the library unescapes it.
    vhost: encodeURIComponent(settings.vhost),
    heartbeat: settings.heartbeat,
  };
}
