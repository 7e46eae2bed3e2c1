import { maskUrl } from '@tq/core/internal';

const HIDDEN = '********';
const SECRET =
  /pass(word|wd|phrase)?$|secret|token|api_?key|private_?key|credential|signature|^(key|pfx|auth|sasl)$/i;

/** Settings as plain data that may be shown: no secrets, passwords in URLs masked, functions by their name. */
export function redacted(value: unknown): unknown {
  if (typeof value === 'string') return value.includes('://') ? maskUrl(value) : value;
  if (typeof value === 'function') return `[function ${value.name || 'anonymous'}]`;
  if (typeof value !== 'object' || value === null) return typeof value === 'bigint' ? String(value) : value;
  if (Array.isArray(value)) return value.map(redacted);
  if (Object.getPrototypeOf(value) !== Object.prototype && Object.getPrototypeOf(value) !== null)
    return value instanceof RegExp ? String(value) : `[${value.constructor.name}]`;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      SECRET.test(key) && item !== null ? HIDDEN : redacted(item),
    ]),
  );
}
