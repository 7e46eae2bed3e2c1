import type { Readable, Writable } from 'node:stream';

/** Where the program reads and writes; tests have their own. */
export interface Terminal {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
}

export const processTerminal: Terminal = {
  get stdin() {
    return process.stdin;
  },
  get stdout() {
    return process.stdout;
  },
  get stderr() {
    return process.stderr;
  },
  env: process.env,
};

/** Whether to colour a stream: never with -C or NO_COLOR, always with FORCE_COLOR, else on a terminal. */
export function wantsColor(
  stream: { readonly isTTY?: boolean },
  env: Terminal['env'],
  isOff: boolean,
): boolean {
  if (isOff || env['NO_COLOR']) return false;
  return Boolean(env['FORCE_COLOR']) || (stream.isTTY === true && env['TERM'] !== 'dumb');
}
