import { createInterface } from 'node:readline';
import type { Terminal } from './terminal.ts';

/** Asks for one line; an empty one when the input ends before. */
export async function ask(question: string, terminal: Terminal): Promise<string> {
  const lines = createInterface({ input: terminal.stdin, terminal: false });
  terminal.stderr.write(question);
  try {
    for await (const line of lines) return line;
    return '';
  } finally {
    lines.close();
    if (terminal.stdin.isTTY !== true) terminal.stderr.write('\n');
  }
}
