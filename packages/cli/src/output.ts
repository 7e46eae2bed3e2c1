import type { Terminal } from './terminal.ts';

/** What a command prints: results to stdout, everything said about them to stderr. */
export class Output {
  readonly #terminal: Terminal;
  readonly #isQuiet: boolean;

  constructor(options: { readonly terminal: Terminal; readonly quiet: boolean }) {
    this.#terminal = options.terminal;
    this.#isQuiet = options.quiet;
  }

  print(text: string): void {
    this.#terminal.stdout.write(`${text}\n`);
  }

  /** For programs; one value, in lines with indentation. */
  json(value: unknown): void {
    this.print(JSON.stringify(value, null, 2));
  }

  /** Beside the result; left out with -q. */
  note(text: string): void {
    if (!this.#isQuiet) this.#terminal.stderr.write(`${text}\n`);
  }

  /** What must be said. */
  complain(text: string): void {
    this.#terminal.stderr.write(`${text}\n`);
  }
}
