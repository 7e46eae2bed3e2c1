import { closeSync, ftruncateSync, readSync, writeSync } from 'node:fs';
import type { Gate, Turnstile } from './gate.ts';
import { openNamelessFile } from './nameless-file.ts';

/** A permission is a sequence number, 4 bytes. */
const SIZE = 4;

/** What has been read is thrown away when nothing is out and so much has gathered; beyond `TIRED` the gate asks for that. */
const WORTH_A_REST = 64 * 1024;
const TIRED = 4 * 1024 * 1024;

/**
 * A gate between processes: a file without a name, opened once and inherited by the child. Both sides share its read
 * position, and the kernel moves that position atomically, so a permission is read by exactly one of them.
 */
export class FileGate implements Gate {
  readonly fd: number;
  readonly handle;
  #end = 0;
  #kept = 0;
  readonly #scratch = Buffer.alloc(256 * SIZE);

  /** `childFd` is the number that the file has in the child. */
  constructor(childFd: number) {
    this.handle = { kind: 'file', fd: childFd } as const;
    this.fd = openNamelessFile();
    try {
      // A full disk shows here, not under load.
      this.grant(0, 1);
      this.recall();
    } catch (error) {
      closeSync(this.fd);
      throw error;
    }
  }

  get tired(): boolean {
    return this.#end - this.#kept > TIRED;
  }

  grant(seq: number, count: number): void {
    const bytes = Buffer.allocUnsafe(count * SIZE);
    for (let i = 0; i < count; i++) bytes.writeUInt32LE((seq + i) >>> 0, i * SIZE);
    // Written at the end, whatever the shared read position is.
    try {
      for (let at = 0; at < bytes.length;)
        at += writeSync(this.fd, bytes, at, bytes.length - at, this.#end + at);
    } catch (error) {
      ftruncateSync(this.fd, this.#end); // A half of them must not be counted when it is recalled.
      throw error;
    }
    this.#end += bytes.length;
  }

  recall(): number {
    let bytes = 0;
    for (;;) {
      const read = readSync(this.fd, this.#scratch, 0, this.#scratch.length, null);
      if (read === 0) return bytes / SIZE;
      bytes += read;
    }
  }

  /** The file keeps its length for the read position's sake, but what lies behind takes no room on the disk any more. */
  rest(): void {
    if (this.#end - this.#kept < WORTH_A_REST) return;
    ftruncateSync(this.fd, 0);
    this.#kept = this.#end;
  }

  close(): void {
    closeSync(this.fd);
  }
}

/** The child's side: reads the next number at the shared position. */
export class FileTurnstile implements Turnstile {
  readonly #fd: number;
  readonly #scratch = Buffer.alloc(SIZE);

  constructor(fd: number) {
    this.#fd = fd;
  }

  pass(): number | undefined {
    const read = readSync(this.#fd, this.#scratch, 0, SIZE, null);
    if (read === 0) return undefined;
    if (read !== SIZE) throw new Error(`The gate of this process is torn: ${read} bytes instead of ${SIZE}`);
    return this.#scratch.readUInt32LE(0);
  }
}
