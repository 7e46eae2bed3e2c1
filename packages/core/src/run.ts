import type { App } from './app.ts';
import type { ContextHost } from './context.ts';
import { DecodeError, NotRegistered, toError } from './errors.ts';
import { Execution } from './execution.ts';
import { errorToWire } from './message/errors.ts';
import { isTaskObject, upgradeProtocol1 } from './message/protocol1.ts';
import { readBody } from './message/protocol2.ts';
import type { DecodedBody } from './message/protocol2.ts';
import { encodeJson } from './serialize/json.ts';
import { decompress } from './serialize/compress.ts';
import type { Outcome } from './types/pool.ts';
import type { TaskRequest } from './types/request.ts';
import type { Message, MessageProperties } from './types/transport.ts';

/** One execution, as it comes to the process that runs it. */
export interface RunInput {
  readonly request: TaskRequest;
  readonly body: Uint8Array;
  readonly contentType: string;
  readonly contentEncoding: string;
  readonly compression?: string;
  readonly properties: MessageProperties;
  readonly hostname: string | null;
  /** Whether somebody will show the result: then the outcome carries its `repr`. */
  readonly wantRepr: boolean;
  /** Run by the caller itself. @default false */
  readonly isEager?: boolean;
}

/**
 * Runs a task once and says how it ended, at once where nothing has to be waited for. Never rejects, nor throws; knows no
 * broker and no backend. `aborter` has the
 * task's signal, which a getter may make only when it's looked at.
 */
export function runTask(
  app: App,
  input: RunInput,
  aborter: { readonly signal: AbortSignal },
  host: ContextHost,
): Outcome | Promise<Outcome> {
  let body: DecodedBody;
  try {
    body = decodeBody(app, input);
  } catch (error) {
    const reason = toError(error).message;
    return { kind: 'rejected', requeue: false, reason, error: errorToWire(error) };
  }
  const definition = app.tasks.get(input.request.task)?.definition;
  if (definition) return new Execution({ app, definition, input, body, aborter, host }).run();
  const error = { ...errorToWire(new NotRegistered(input.request.task)), traceback: null };
  const embed = body.embed ? { embed: encodeJson(body.embed, 'embed') } : {};
  return { kind: 'failed', error, runtimeMs: 0, ...embed };
}

/** The body of a message, decoded. @throws DecodeError, ContentDisallowed */
export function decodeMessage(app: App, { body, headers, properties }: Message): DecodedBody {
  const { contentType = '', contentEncoding = '' } = properties;
  const compression = headers['compression'];
  return decodeBody(app, {
    body,
    contentType,
    contentEncoding,
    ...(typeof compression === 'string' ? { compression } : {}),
  });
}

function decodeBody(
  app: App,
  input: Pick<RunInput, 'body' | 'contentType' | 'contentEncoding' | 'compression'>,
): DecodedBody {
  const { compression, contentType, contentEncoding } = input;
  const bytes = compression === undefined ? input.body : decompress(compression, input.body);
  const serializer = app.serializers.forReceiving(contentType, contentEncoding, app.config.acceptContent);
  const decoded = serializer.decode(bytes);
  const body = isTaskObject(decoded) ? upgradeProtocol1(decoded, {}).body : readBody(decoded);
  if (typeof body === 'string') throw new DecodeError(body);
  return body;
}
