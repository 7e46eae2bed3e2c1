import { readFileSync } from 'node:fs';

/** One message or result recorded from a running Celery; which fields it has depends on the file. */
export interface Vector {
  readonly id: string;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, unknown>>;
  /** As Python decoded it. */
  readonly body?: unknown;
  readonly body_raw?: string;
  readonly body_raw_base64?: string;
  readonly envelope_raw?: string;
  readonly content_type?: string;
}

export function vectorsOf(file: string): readonly Vector[] {
  const text = readFileSync(new URL(`vectors/${file}.json`, import.meta.url), 'utf8');
  // Python's JSON has a word for it.
  const json = text.replaceAll(': Infinity', ': 1e999');
  return (JSON.parse(json) as { readonly vectors: readonly Vector[] }).vectors;
}

export function vector(file: string, id: string): Vector {
  const found = vectorsOf(file).find((each) => each.id === id);
  if (!found) throw new Error(`No vector ${id} in ${file}.json`);
  return found;
}

/** The exact bytes of a message body. */
export function bodyBytes(message: Vector): Buffer {
  if (message.body_raw_base64 !== undefined) return Buffer.from(message.body_raw_base64, 'base64');
  const envelope = JSON.parse(message.envelope_raw ?? '') as {
    readonly body: string;
    readonly properties: { readonly body_encoding?: string };
  };
  return Buffer.from(envelope.body, envelope.properties.body_encoding === 'base64' ? 'base64' : 'utf8');
}

/** Task messages with a JSON body that isn't compressed. */
export function jsonTasks(): readonly Vector[] {
  return [...vectorsOf('tasks-amqp'), ...vectorsOf('tasks-redis')].filter(
    ({ properties, headers, content_type: type }) =>
      (type ?? properties?.['content_type']) === 'application/json' && headers?.['compression'] === undefined,
  );
}
