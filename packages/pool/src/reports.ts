import type { ChildMessage } from './wire.ts';

/** Reads messages that were written as one line of JSON each, a chunk at a time. */
export class Reports {
  readonly #parts: string[] = [];

  /** The messages that the chunk completes. */
  read(chunk: string): readonly ChildMessage[] {
    const end = chunk.lastIndexOf('\n');
    if (end < 0) {
      this.#parts.push(chunk);
      return [];
    }
    this.#parts.push(chunk.slice(0, end));
    const text = this.#parts.join('');
    this.#parts.length = 0;
    if (end + 1 < chunk.length) this.#parts.push(chunk.slice(end + 1));
    // One parse for all lines: a line break never occurs inside JSON as JSON.stringify() writes it.
    return JSON.parse(`[${text.replaceAll('\n', ',')}]`) as ChildMessage[];
  }
}
