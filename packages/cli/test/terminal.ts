import { PassThrough, Writable } from 'node:stream';
import type { Terminal } from '../src/terminal.ts';

/** A terminal whose output can be read back. */
export interface FakeTerminal extends Terminal {
  readonly printed: () => string;
  readonly complained: () => string;
}

export function fakeTerminal(
  options: {
    readonly input?: string;
    readonly env?: Terminal['env'];
    readonly columns?: number;
    readonly isTTY?: boolean;
  } = {},
): FakeTerminal {
  const stdin = new PassThrough();
  stdin.end(options.input ?? '');
  const [stdout, printed] = collector(options);
  const [stderr, complained] = collector(options);
  return { stdin, stdout, stderr, env: options.env ?? {}, printed, complained };
}

function collector(shape: {
  readonly columns?: number;
  readonly isTTY?: boolean;
}): readonly [Writable, () => string] {
  let text = '';
  const stream = new Writable({
    write(chunk, _, done) {
      text += String(chunk);
      done();
    },
  });
  return [Object.assign(stream, { columns: shape.columns ?? 100, isTTY: shape.isTTY ?? false }), () => text];
}
