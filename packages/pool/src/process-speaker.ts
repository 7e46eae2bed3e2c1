import { writeSync } from 'node:fs';
import type { Speaker } from './job-loop.ts';
import { LONGEST_NOTE, NotePad } from './notepad.ts';
import { NOTES_FD, REPORT_FD } from './wire.ts';
import type { ChildMessage } from './wire.ts';

/** Notes said together at most: a quarter of what may be sent ahead, so that more comes while the rest is done. */
const MOST_NOTES = 64;
/** And no note is kept longer while jobs run. Waking another process costs as much as several short jobs. */
const KEEP_MS = 4;

const scratch = Buffer.alloc(64 * 1024);
const pause = new Int32Array(new SharedArrayBuffer(4));

/**
 * How a child process speaks: in lines of JSON, written synchronously. What was said is in the pipe even if the process
 * dies with its next instruction or never returns to its event loop.
 */
export class ProcessSpeaker implements Speaker {
  #pad: NotePad | undefined;
  #kept = '';
  #count = 0;
  #saidMs = 0;

  takeNotes(): void {
    this.#pad = new NotePad(NOTES_FD);
  }

  say(message: ChildMessage): void {
    this.#write(`${JSON.stringify(message)}\n`);
  }

  note(message: ChildMessage, nowMs: number): void {
    const line = `${JSON.stringify(message)}\n`;
    const due = this.#count + 1 >= MOST_NOTES || nowMs - this.#saidMs > KEEP_MS;
    if (due || !this.#keep(line)) return this.#write(line);
    // Comes when a job waits for something; a row of jobs that never do is interrupted by the rules above.
    if (this.#count === 0) setImmediate(this.flush);
    this.#kept += line;
    this.#count++;
  }

  readonly flush = (): void => {
    if (this.#count > 0) this.#write('');
  };

  /** Whether the line could be noted. */
  #keep(line: string): boolean {
    if (!this.#pad || line.length * 3 > LONGEST_NOTE) return false;
    try {
      this.#pad.write(line);
      return true;
    } catch {
      this.#pad = undefined; // a full disk: from now on all is said at once
      return false;
    }
  }

  #write(line: string): void {
    const text = this.#kept + line;
    this.#kept = '';
    this.#count = 0;
    this.#saidMs = performance.now();
    writeAll(text);
    this.#pad?.turn();
  }
}

function writeAll(text: string): void {
  const fits = text.length * 3 <= scratch.length;
  const bytes = fits ? scratch : Buffer.from(text);
  const length = fits ? scratch.write(text, 0) : bytes.length;
  for (let at = 0; at < length;) at += writeSome(bytes, at, length - at);
}

function writeSome(bytes: Buffer, at: number, length: number): number {
  try {
    return writeSync(REPORT_FD, bytes, at, length);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Nobody is left to work for: run nothing more.
    if (code === 'EPIPE' || code === 'ECONNRESET') process.exit(1);
    if (code !== 'EAGAIN') throw error;
    Atomics.wait(pause, 0, 0, 1);
    return 0;
  }
}
