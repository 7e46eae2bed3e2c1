import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Component, Logger } from '@tq/core';
import { toError } from '@tq/core/internal';
import type { LamportClock } from '@tq/core/internal';
import type { Revoked, RevokedState } from './revoked.ts';

/** Changes within this time are written at once. */
const WRITE_AFTER_MS = 1000;

interface State {
  readonly version: 1;
  readonly clock: number;
  readonly revoked: RevokedState;
}

/** Keeps revoked ids and the logical clock over a restart: JSON, written anew soon after a change and at the end. */
export class StateFile implements Component {
  readonly name = 'state file';
  readonly #path: string;
  readonly #revoked: Revoked;
  readonly #lamport: LamportClock;
  readonly #logger: Logger;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: {
    readonly path: string;
    readonly revoked: Revoked;
    readonly lamport: LamportClock;
    readonly logger: Logger;
  }) {
    this.#path = options.path;
    this.#revoked = options.revoked;
    this.#lamport = options.lamport;
    this.#logger = options.logger;
  }

  async start(): Promise<void> {
    await mkdir(dirname(this.#path), { recursive: true });
    await this.#read();
    this.#revoked.onChange = () => this.#changed();
  }

  async stop(): Promise<void> {
    this.#revoked.onChange = () => undefined;
    clearTimeout(this.#timer);
    await this.#write();
  }

  /** A file that can't be understood is put aside: somebody may want to look at it. */
  async #read(): Promise<void> {
    let text: string;
    try {
      text = await readFile(this.#path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      throw error;
    }
    try {
      const { clock, revoked } = JSON.parse(text) as State;
      this.#revoked.restore(revoked);
      this.#lamport.adjust(clock);
    } catch (error) {
      const aside = `${this.#path}.unreadable`;
      this.#logger.error(`The state file ${this.#path} can't be understood; it is kept as ${aside}`, {
        error: toError(error).message,
      });
      await rename(this.#path, aside);
    }
  }

  #changed(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#write();
    }, WRITE_AFTER_MS).unref();
  }

  /** One after the other. Never rejects: a full disk must not end a worker. */
  #write(): Promise<void> {
    return (this.#writing = this.#writing.then(() => this.#replace()));
  }

  /** Into another file first, so that there is a whole one at any moment. */
  async #replace(): Promise<void> {
    const state: State = { version: 1, clock: this.#lamport.value, revoked: this.#revoked.state };
    const fresh = `${this.#path}.${randomUUID()}`;
    try {
      await writeFile(fresh, JSON.stringify(state), { mode: 0o600 });
      await rename(fresh, this.#path);
    } catch (error) {
      this.#logger.error(`The state file ${this.#path} couldn't be written`, {
        error: toError(error).message,
      });
      await rm(fresh, { force: true }).catch(() => undefined); // the disk is full, or the folder gone
    }
  }
}
