import type { Terminal } from '../terminal.ts';
import { fit, widthOf } from './text.ts';

/** How a piece of a line looks. */
export type Style = 'title' | 'dim' | 'bold' | 'selected' | 'good' | 'bad' | 'busy' | 'warn';

export interface Span {
  readonly text: string;
  readonly style?: Style;
}

/** A line of the screen, from left to right. */
export type Line = readonly Span[];

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

const ESC = '\u001B[';
/** Another page of the terminal, without a cursor, and back. */
const ENTER = `${ESC}?1049h${ESC}?25l${ESC}2J`;
const LEAVE = `${ESC}0m${ESC}?25h${ESC}?1049l`;

/** With and without colours. */
const LOOKS: Readonly<Record<Style, readonly [colored: string, plain: string]>> = {
  title: ['1;7', '1;7'],
  selected: ['7', '7'],
  bold: ['1', '1'],
  dim: ['2', '2'],
  good: ['32', '0'],
  bad: ['31', '1'],
  busy: ['36', '0'],
  warn: ['33', '1'],
};

/** A terminal taken over whole. Draws only what has changed; gives it back as it was, also when the program fails. */
export class Screen implements Disposable {
  readonly #terminal: Terminal;
  readonly #colors: boolean;
  #shown: string[] = [];
  #isOpen = false;

  constructor(terminal: Terminal, options: { readonly colors: boolean }) {
    this.#terminal = terminal;
    this.#colors = options.colors;
  }

  get size(): Size {
    const { columns = 80, rows = 24 } = this.#terminal.stdout as { columns?: number; rows?: number };
    return { columns: Math.max(1, columns), rows: Math.max(1, rows) };
  }

  open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#setRaw(true);
    this.#terminal.stdout.write(ENTER);
    this.#shown = [];
    // Before Node prints what has gone wrong, so that it can be read afterwards; and at any end.
    process.on('uncaughtExceptionMonitor', this.#leave);
    process.on('exit', this.#leave);
  }

  /** Gives the terminal back. May be called twice. */
  close(): void {
    this.#leave();
    process.off('uncaughtExceptionMonitor', this.#leave);
    process.off('exit', this.#leave);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** All of it anew, such as after a change of size. */
  forget(): void {
    this.#shown = [];
    if (this.#isOpen) this.#terminal.stdout.write(`${ESC}2J`);
  }

  draw(lines: readonly Line[]): void {
    if (!this.#isOpen) return;
    const { columns, rows } = this.size;
    let changes = '';
    for (let row = 0; row < rows; row++) {
      const text = this.#textOf(lines[row] ?? [], columns);
      if (text === this.#shown[row]) continue;
      this.#shown[row] = text;
      // Cleared first: at the end of a full line some terminals would clear its last character.
      changes += `${ESC}${row + 1};1H${ESC}2K${text}`;
    }
    if (changes !== '') this.#terminal.stdout.write(changes);
  }

  #textOf(line: Line, columns: number): string {
    let left = columns;
    let result = '';
    for (const { text, style } of line) {
      if (left <= 0) break;
      const shown = widthOf(text) > left ? fit(text, left) : text;
      left -= widthOf(shown);
      result += style ? `${ESC}0;${LOOKS[style][this.#colors ? 0 : 1]}m${shown}${ESC}0m` : shown;
    }
    return result;
  }

  readonly #leave = (): void => {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#terminal.stdout.write(LEAVE);
    this.#setRaw(false);
  };

  #setRaw(isRaw: boolean): void {
    const { stdin } = this.#terminal as { stdin: { isTTY?: boolean; setRawMode?(mode: boolean): unknown } };
    if (stdin.isTTY) stdin.setRawMode?.(isRaw);
  }
}
