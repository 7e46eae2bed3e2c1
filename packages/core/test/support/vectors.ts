import { readFileSync } from 'node:fs';

/** A message that Celery has sent, as it was recorded. */
export interface MessageVector {
  readonly id: string;
  readonly exchange: string;
  readonly routing_key: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: unknown;
  readonly body_raw_base64: string;
}

/** A signature in Celery's JSON. */
export interface SignatureVector {
  readonly id: string;
  readonly signature: Readonly<Record<string, unknown>>;
}

export function vectorsOf<T extends { readonly id: string }>(name: string): (id: string) => T {
  const file = new URL(`../../../../test/wire/vectors/${name}.json`, import.meta.url);
  const { vectors } = JSON.parse(readFileSync(file, 'utf8')) as { readonly vectors: readonly T[] };
  return (id) => {
    const found = vectors.find((vector) => vector.id === id);
    if (!found) throw new Error(`There is no vector ${id} in ${name}.json`);
    return found;
  };
}
