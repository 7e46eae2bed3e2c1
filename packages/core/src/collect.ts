import type { GetOptions, ResultHandle } from './result.ts';

/** A result and everything that it set off, each with its value, breadth first. @throws what `get()` throws */
export async function* collect(
  root: ResultHandle,
  options: GetOptions,
): AsyncGenerator<readonly [ResultHandle, unknown]> {
  const seen = new Set<string>();
  const waiting = [root];
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    // A task that is retried is a child of its own.
    if (seen.has(next.id)) continue;
    seen.add(next.id);
    yield [next, await next.get(options)] as const;
    waiting.push(...(await next.children()));
  }
}
