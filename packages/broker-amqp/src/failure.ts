import { BrokerUnavailableError, ImproperlyConfigured } from '@tq/core';
import type { TqError } from '@tq/core';
import { maskUrl, tlsFailure } from '@tq/core/internal';
import type { AmqpSettings } from './settings.ts';

/** AMQP's reply codes that callers can do something about. */
export const REPLY = {
  accessRefused: 403,
  notFound: 404,
  resourceLocked: 405,
  preconditionFailed: 406,
  notAllowed: 530,
  notImplemented: 540,
} as const;

/** The broker's reply code in an error of the client library. */
export function replyCode(error: unknown): number | undefined {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === 'number' ? code : undefined;
}

/** Why no connection came about. */
export function connectFailure(error: unknown, settings: AmqpSettings, timedOutMs?: number): TqError {
  const { shown, user, vhost } = settings;
  if (timedOutMs !== undefined)
    return new BrokerUnavailableError(`${shown} doesn't answer within ${timedOutMs / 1000} s.`, {
      cause: error,
    });
  const untrusted = tlsFailure(error, shown);
  if (untrusted) return untrusted;
  const text = said(error);
  const options = { cause: error };
  const isRefused = /\b403\b|ACCESS[-_]REFUSED/.test(text);
  if (isRefused && settings.loginMethod === 'EXTERNAL')
    return new ImproperlyConfigured(
      `${shown} lets nobody in by the login method EXTERNAL whose certificate it doesn't know: name certfile and keyfile of a user that the broker has. (${text})`,
      options,
    );
  if (isRefused)
    return new ImproperlyConfigured(
      `${shown} refuses the user ${JSON.stringify(user)}: check user and password of the broker URL, and the user's permissions. (${text})`,
      options,
    );
  // The library shows no more of it than that it isn't the consent. A broker that is starting refuses, too: worth another try.
  if (/\b530\b|NOT[-_]ALLOWED|Expected ConnectionOpenOk/.test(text))
    return new BrokerUnavailableError(
      `${shown} doesn't let ${JSON.stringify(user)} into the virtual host ${JSON.stringify(vhost)}: does it exist, with permissions for this user, below its limit of connections? (${text})`,
      options,
    );
  if (text.startsWith('SASL mechanism'))
    return new ImproperlyConfigured(
      `${shown}: ${text}. Choose another one with the option loginMethod.`,
      options,
    );
  if (text.includes('Socket closed abruptly'))
    return new BrokerUnavailableError(
      `${shown} hangs up during the greeting: is it an AMQP 0-9-1 broker, on a port ${settings.tls ? 'with' : 'without'} TLS? (${text})`,
      options,
    );
  return new BrokerUnavailableError(`Can't connect to ${shown}: ${text}`, options);
}

/** What was attempted on a channel, for the sentence about its failure. */
export interface Attempt {
  /** As it reads after "can't", such as `declare the queue "a"`. */
  readonly what: string;
  /** What to do when the broker has the thing in another form. */
  readonly mend?: string;
}

/** Why the broker refused an operation; the channel is closed by then. */
export function refusal(error: unknown, { what, mend }: Attempt): TqError {
  const options = { cause: error };
  const text = `Can't ${what}: ${said(error)}.`;
  const code = replyCode(error);
  if (code === REPLY.accessRefused)
    return new ImproperlyConfigured(`${text} The broker's user lacks the permission.`, options);
  if (code === REPLY.notFound)
    return new BrokerUnavailableError(
      `${text} Somebody has deleted it, or the node that holds it is down.`,
      options,
    );
  if (code === REPLY.resourceLocked)
    return new BrokerUnavailableError(
      `${text} Another connection holds it exclusively: a process with the same name, or an earlier connection of this one that the broker has not missed yet.`,
      options,
    );
  if (code === REPLY.preconditionFailed)
    return new ImproperlyConfigured(
      `${text} ${mend ?? 'The broker has it in another form already: ask for the same, or delete it there.'}`,
      options,
    );
  if (code === REPLY.notImplemented)
    return new ImproperlyConfigured(
      `${text} If it is a quorum queue declared elsewhere, set brokerTransportOptions: { perConsumerPrefetch: true }.`,
      options,
    );
  return new BrokerUnavailableError(text, options);
}

/** Why an open channel was closed by the broker, of its own accord. */
export function channelLoss(error: unknown): BrokerUnavailableError {
  const text = said(error);
  const advice =
    replyCode(error) === REPLY.preconditionFailed && /ack.*timed? ?out/i.test(text)
      ? ' A task was held for longer than the broker allows without an acknowledgement, and will be delivered again: raise consumer_timeout in rabbitmq.conf, or use shorter countdowns and tasks.'
      : '';
  return new BrokerUnavailableError(`The broker closed the channel: ${text}.${advice}`, { cause: error });
}

/** Why an open connection was lost. */
export function connectionLoss(error: unknown, shown: string): BrokerUnavailableError {
  const text = error === undefined ? 'the socket was closed' : said(error);
  return new BrokerUnavailableError(`The connection to ${shown} was lost: ${text}`, { cause: error });
}

/** The message, without the library's frame around what the broker said, and without passwords. */
export function said(error: unknown): string {
  const { message, code, errors } = (error ?? {}) as {
    readonly message?: string;
    readonly code?: unknown;
    readonly errors?: readonly { readonly message: string }[];
  };
  // Of a name with several addresses Node says nothing but the code.
  const text = message || errors?.map((each) => each.message).join('; ') || String(code ?? error);
  return maskUrl(text.replace(/^.*?(?:by server|failed|closed|server): /, '').replace(/^\w+; /, ''));
}
