/** A task's value as plain JSON data: dates and Python's types as their text, bytes in base64, big integers as text. */
export function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array)
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
  if ('toJSON' in value && typeof value.toJSON === 'function') return plain(value.toJSON());
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Set) return [...value].map(plain);
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return Object.fromEntries(
    entries.map(([key, item]: readonly [unknown, unknown]) => [String(key), plain(item)]),
  );
}

/** A result as a person reads it: texts bare, anything else as JSON in one line. */
export function shown(value: unknown): string {
  const data = plain(value);
  return typeof data === 'string' ? data : (JSON.stringify(data) ?? 'undefined');
}
