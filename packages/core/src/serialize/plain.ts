import { MAX_DEPTH } from './limits.ts';

/**
 * Whether JSON.stringify() writes the value as it is and JSON.parse() gives the same back. Looks at everything once
 * and says no at the first doubt; a cycle is a doubt because it is too deep.
 */
export function isPlain(value: unknown, levels: number = MAX_DEPTH): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      // Neither NaN nor infinite, no integer that would come back as a bigint, no -0.
      return (
        value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER && (value !== 0 || 1 / value > 0)
      );
    case 'object':
      return value === null || (levels > 0 && isPlainContainer(value, levels - 1));
    case 'undefined':
    case 'bigint':
    case 'symbol':
    case 'function':
      return false;
  }
}

function isPlainContainer(value: object, levels: number): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Array.prototype) return isPlainArray(value as readonly unknown[], levels);
  if (prototype !== Object.prototype && prototype !== null) return false;
  for (const key in value) {
    const item = (value as Record<string, unknown>)[key];
    if (item !== undefined && !isPlain(item, levels)) return false;
  }
  return true;
}

function isPlainArray(values: readonly unknown[], levels: number): boolean {
  for (let index = 0; index < values.length; index += 1) {
    if (!isPlain(values[index], levels)) return false;
  }
  return true;
}

/** Also true for the plain objects of another realm and those without a prototype. */
export function hasPlainPrototype(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
