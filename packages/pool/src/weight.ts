/** How deep and how wide a payload is looked into. */
const DEPTH = 4;
const WIDTH = 64;

/** About how many bytes a payload is as JSON; cheap, and right where it matters: about long strings. */
export function weigh(value: unknown, depth = DEPTH): number {
  if (typeof value === 'string') return value.length + 2;
  if (typeof value !== 'object' || value === null || depth === 0) return 8;
  if (Array.isArray(value)) return weighItems(value, depth);
  let bytes = 2;
  let left = WIDTH;
  for (const key in value) {
    if (left-- === 0) break;
    bytes += key.length + 4 + weigh((value as Record<string, unknown>)[key], depth - 1);
  }
  return bytes;
}

function weighItems(items: readonly unknown[], depth: number): number {
  let bytes = 2;
  const most = Math.min(items.length, WIDTH);
  for (let index = 0; index < most; index++) bytes += 1 + weigh(items[index], depth - 1);
  return bytes;
}
