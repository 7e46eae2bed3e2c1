import { close, closeSync, fstat, mkdirSync, open, openSync, stat, write } from 'node:fs';
import { dirname } from 'node:path';
import { Writable } from 'node:stream';
import { callbackify, promisify } from 'node:util';

const files = {
  open: promisify(open),
  close: promisify(close),
  stat: promisify(stat),
  fstat: promisify(fstat),
  write: promisify(write),
};

type Done = (error?: Error | null) => void;

/** How long after a rotation lines may still go to the old file. */
const LOOK_EVERY_MS = 1000;

/**
 * A file that lines are added to. It's opened again when it has been moved away, as log rotation does, or by `reopen()`. A
 * full disk loses lines and says so; it never ends the process.
 */
export class LogFile extends Writable {
  readonly path: string;
  readonly #onLoss: (error: Error) => void;
  #file: number | undefined;
  #lookedMs = 0;
  #isLosing = false;

  /** @throws when there can be no such file. `onLoss` is called at the first line of several that can't be written. */
  constructor(path: string, options: { readonly onLoss: (error: Error) => void }) {
    super({ decodeStrings: false });
    this.path = path;
    this.#onLoss = options.onLoss;
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    closeSync(openSync(path, 'a'));
  }

  /** The next line goes to the file of that name, a new one if it is gone. */
  reopen(): void {
    this.#lookedMs = Number.NEGATIVE_INFINITY;
  }

  override _write(chunk: string | Buffer, _encoding: BufferEncoding, done: Done): void {
    callbackify(() => this.#write(String(chunk)))(done);
  }

  override _writev(chunks: readonly { readonly chunk: string | Buffer }[], done: Done): void {
    callbackify(() => this.#write(chunks.map(({ chunk }) => String(chunk)).join('')))(done);
  }

  override _final(done: Done): void {
    callbackify(() => this.#close())(done);
  }

  async #write(text: string): Promise<void> {
    try {
      await this.#append(text);
      this.#isLosing = false;
    } catch (error) {
      if (!this.#isLosing) this.#onLoss(error as Error);
      this.#isLosing = true;
    }
  }

  async #append(text: string): Promise<void> {
    const file = await this.#current();
    let rest = Buffer.from(text);
    while (rest.length > 0) {
      const { bytesWritten } = await files.write(file, rest);
      rest = rest.subarray(bytesWritten);
    }
  }

  async #current(): Promise<number> {
    const nowMs = performance.now();
    if (this.#file !== undefined && nowMs - this.#lookedMs > LOOK_EVERY_MS) {
      this.#lookedMs = nowMs;
      if (await this.#wasMoved(this.#file)) await this.#close();
    }
    this.#file ??= await files.open(this.path, 'a');
    return this.#file;
  }

  async #wasMoved(file: number): Promise<boolean> {
    const [ours, there] = await Promise.all([
      files.fstat(file),
      files.stat(this.path).catch(() => undefined),
    ]);
    return there === undefined || there.ino !== ours.ino || there.dev !== ours.dev;
  }

  async #close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    if (file !== undefined) await files.close(file);
  }
}
