import { ContentDisallowed, DecodeError, NotRegistered } from '@tq/core';
import type { App, Delivery, TaskRequest } from '@tq/core';
import { isProtocol1, readRequest, toError, upgradeProtocol1 } from '@tq/core/internal';
import type { Held } from './held.ts';

/** A message that can't become a request, and why. */
export interface Refusal {
  readonly reason: 'malformed' | 'content-type' | 'unknown-task';
  readonly error: Error;
  /** As far as it could be read. */
  readonly request?: TaskRequest;
}

/** Turns deliveries into requests, or says why not. Decodes headers only; the body is decoded where the task runs. */
export class Inbox {
  readonly #app: App;
  /** Content type and encoding that were accepted last, so that the usual one is checked once. */
  #accepted = '';

  constructor(app: App) {
    this.#app = app;
  }

  read(delivery: Delivery): Held | Refusal {
    try {
      const request = readRequest(withHeaders(delivery, this.#app));
      this.#checkContent(delivery);
      const definition = this.#app.tasks.get(request.task)?.definition;
      if (!definition) return { reason: 'unknown-task', error: new NotRegistered(request.task), request };
      return {
        request,
        delivery,
        definition,
        acked: false,
        execution: undefined,
        started: false,
        runs: undefined,
        terminatedBy: undefined,
        hasToken: false,
        timeLimit: undefined,
      };
    } catch (error) {
      return refusalOf(error, delivery);
    }
  }

  #checkContent(delivery: Delivery): void {
    const { contentType = '', contentEncoding = '' } = delivery.message.properties;
    const content = `${contentType};${contentEncoding}`;
    if (content === this.#accepted) return;
    this.#app.serializers.forReceiving(contentType, contentEncoding, this.#app.config.acceptContent);
    this.#accepted = content;
  }
}

/** A protocol 1 message has its fields in the body. @throws DecodeError when it isn't a task at all */
function withHeaders(delivery: Delivery, app: App): Delivery {
  const { message } = delivery;
  if (message.headers['task'] !== undefined) return delivery;
  const { contentType = '', contentEncoding = '' } = message.properties;
  const body = app.serializers
    .forReceiving(contentType, contentEncoding, app.config.acceptContent)
    .decode(message.body);
  if (!isProtocol1(body))
    throw new DecodeError('The message has no header task, and its body is not a protocol 1 task.');
  const { headers } = upgradeProtocol1(body, message.headers);
  return { ...delivery, message: { ...message, headers } };
}

function refusalOf(error: unknown, delivery: Delivery): Refusal {
  const reason = error instanceof ContentDisallowed ? 'content-type' : 'malformed';
  try {
    return { reason, error: toError(error), request: readRequest(delivery) };
  } catch {
    // Not even its headers make sense: there's no id under which a failure could be stored.
    return { reason, error: toError(error) };
  }
}
