/** `resultExpires` → `result_expires`. */
export function toSnake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** `result_expires` or `RESULT_EXPIRES` → `resultExpires`; what has no underscore stays as it is. */
export function toCamel(name: string): string {
  if (!name.includes('_')) return name;
  return name.toLowerCase().replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** `socket_timeout` → `socketTimeout`, for the options of drivers: nothing else of the name changes. */
export function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
