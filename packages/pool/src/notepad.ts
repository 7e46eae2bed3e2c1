import { readSync, writeSync } from 'node:fs';
import type { ChildMessage } from './wire.ts';

/** Ends the notes; the next one is written over it. */
const END = '\0';

/** Where a line is too long to be worth a note. Bytes, at most a third of the scratch. */
export const LONGEST_NOTE = 8 * 1024;

/**
 * What a child process has to say and keeps back for a moment, so that many words travel in one write and its parent is
 * woken once. Everything kept back stands in a file without a name which both have open: should the child block its
 * event loop or die, the parent reads it there.
 */
export class NotePad {
  readonly #fd: number;
  readonly #scratch = Buffer.alloc(4 * LONGEST_NOTE);
  #at = 0;
  #written = 0;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Adds a line. */
  write(line: string): void {
    const seal = this.#written++;
    const bytes = this.#scratch.write(`${seal} ${line.slice(0, -1)} ${seal}\n${END}`);
    for (let done = 0; done < bytes;) {
      done += writeSync(this.#fd, this.#scratch, done, bytes - done, this.#at + done);
    }
    this.#at += bytes - END.length;
  }

  /** All of it was said; the next note goes to the top of the page. */
  turn(): void {
    this.#at = 0;
  }
}

/** Reads another process's notes. What was said since is among them too. */
export function readNotes(fd: number): readonly ChildMessage[] {
  const text = readPage(fd);
  // The writer may be at it just now.
  if (text === '' || text !== readPage(fd)) return [];
  const whole = text.split('\n').flatMap(unseal);
  return JSON.parse(`[${whole.join(',')}]`) as ChildMessage[];
}

/**
 * A note carries its number at both ends. One whose writer was interrupted or killed in the middle ends as the older one
 * did that stood there before: read together the two may even be JSON, but nobody said that.
 */
function unseal(note: string): string[] {
  const end = note.indexOf(' ');
  const number = note.slice(0, end);
  return end > 0 && note.endsWith(` ${number}`) ? [note.slice(end + 1, -number.length - 1)] : [];
}

function readPage(fd: number): string {
  const parts: Buffer[] = [];
  for (let at = 0; ;) {
    const part = Buffer.alloc(16 * 1024);
    const read = readSync(fd, part, 0, part.length, at);
    const end = part.subarray(0, read).indexOf(END);
    if (end >= 0 || read === 0) {
      parts.push(part.subarray(0, Math.max(0, end)));
      return Buffer.concat(parts).toString();
    }
    parts.push(part.subarray(0, read));
    at += read;
  }
}
