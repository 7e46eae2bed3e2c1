/** The property, or `undefined` when there is none or reading it throws. */
export function peek(value: unknown, key: PropertyKey): unknown {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return undefined;
  try {
    return (value as Record<PropertyKey, unknown>)[key];
  } catch {
    return undefined;
  }
}

/** Whether the value was made by the class; no when a proxy refuses to say. */
export function isInstance(value: unknown, type: abstract new (...args: never) => unknown): boolean {
  try {
    return value instanceof type;
  } catch {
    return false;
  }
}

/** Name of the class that made the value; empty if that can't be told. */
export function classNameOf(value: unknown): string {
  const name = peek(peek(value, 'constructor'), 'name');
  return typeof name === 'string' ? name : '';
}
