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
      credentials: loginOf(settings),
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

/** EXTERNAL: the broker knows us by our certificate. */
function loginOf({ loginMethod, password, user }: AmqpSettings) {
  switch (loginMethod) {
    case 'PLAIN':
      return credentials.plain(user, password);
    case 'AMQPLAIN':
      return credentials.amqplain(user, password);
    case 'EXTERNAL':
      return credentials.external();
  }
}

function where(settings: AmqpSettings) {
  return {
    protocol: settings.tls ? 'amqps' : 'amqp',
    hostname: settings.host,
    port: settings.port,
    // Escaped, since the library unescapes it.
    vhost: encodeURIComponent(settings.vhost),
    heartbeat: settings.heartbeat,
  };
}
