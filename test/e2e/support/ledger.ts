import { closeSync, existsSync, openSync, readSync } from 'node:fs';

/** What tasks wrote outside of the system: lines of words that name a call, and the moment it ran. */
export class Ledger {
  readonly #file: string;
  /** When each call ran, as often as it did. */
  readonly #runs = new Map<string, number[]>();
  /** Calls in the order of their first runs. */
  readonly order: string[] = [];
  #offset = 0;
  #rest = '';

  constructor(file: string) {
    this.#file = file;
  }

  /** Reads what is new. */
  runs(): ReadonlyMap<string, readonly number[]> {
    if (!existsSync(this.#file)) return this.#runs;
    const file = openSync(this.#file, 'r');
    const buffer = Buffer.alloc(1 << 16);
    try {
      for (let read; (read = readSync(file, buffer, 0, buffer.length, this.#offset)) > 0;) {
        this.#offset += read;
        this.#hear(buffer.toString('latin1', 0, read));
      }
    } finally {
      closeSync(file);
    }
    return this.#runs;
  }

  #hear(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const space = line.lastIndexOf(' ');
      const call = line.slice(0, space);
      const runs = this.#runs.get(call);
      const atMs = Number(line.slice(space + 1));
      if (runs) runs.push(atMs);
      else {
        this.#runs.set(call, [atMs]);
        this.order.push(call);
      }
    }
  }
}
