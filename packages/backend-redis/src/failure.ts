import { BackendUnavailableError, TqError } from '@tq/core';
import { maskUrl, toError } from '@tq/core/internal';

/** What Redis or its client said, as an error of ours. */
export function unavailable(error: unknown): TqError {
  if (error instanceof TqError) return error;
  const { message } = toError(error);
  return new BackendUnavailableError(`${maskUrl(message)}${adviceOn(message)}`, { cause: error });
}

/** Whether the link failed, rather than the command. */
export function isOutage(error: unknown): boolean {
  const { name, message } = toError(error);
  return name === 'MaxRetriesPerRequestError' || message === 'Connection is closed.' || name === 'AbortError';
}

function adviceOn(message: string): string {
  if (/max retries per request/.test(message))
    return ' Is Redis running, and is the URL in resultBackend right?';
  if (message.startsWith('OOM '))
    return ' Redis is full: raise maxmemory, or let results live shorter (setting resultExpires).';
  if (/^(NOAUTH|WRONGPASS)/.test(message))
    return ' Check user and password in the URL of the result backend.';
  if (message.startsWith('NOPERM'))
    return ' The user needs: GET MGET SET SETEX PSETEX DEL GETRANGE EVAL EVALSHA PUBLISH SUBSCRIBE UNSUBSCRIBE PING INFO and the commands of sorted sets.';
  return '';
}
