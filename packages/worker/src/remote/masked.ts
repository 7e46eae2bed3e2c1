import { maskUrl } from '@tq/core/internal';

const HIDDEN = '********';

/** Celery's words; a setting with one of them in its name is not shown. Spec: control.md 2. */
const SECRET = /API|TOKEN|KEY|SECRET|PASS|PROFANITIES_LIST|SIGNATURE|DATABASE|BEAT_DBURI/i;

/** The names that hold such a word and no secret. */
const HARMLESS = new Set(['task_default_routing_key']);

/** A setting as anybody may see it: plain data, without secrets and without the passwords of URLs. */
export function masked(value: unknown, name = ''): unknown {
  if (value === null || value === undefined) return null;
  if (SECRET.test(name) && !HARMLESS.has(name)) return HIDDEN;
  if (typeof value === 'string') return value.includes('://') ? maskUrl(value) : value;
  if (typeof value === 'function') return `<function ${value.name || 'anonymous'}>`;
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item) => masked(item));
  if (Object.getPrototypeOf(value) !== Object.prototype)
    return value instanceof RegExp ? String(value) : `<${value.constructor.name}>`;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, masked(item, key)]));
}
