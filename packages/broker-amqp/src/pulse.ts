import type { Channel as AmqpChannel, ChannelModel } from 'amqplib';

/** What the library's socket tells of itself; it isn't part of its documented face, so nothing depends on it alone. */
interface Line {
  readonly bytesRead?: number;
  readonly writableLength?: number;
}

/**
 * Notices within two intervals that nobody is at the other end of the line. AMQP's own heartbeat needs minutes, because the
 * broker in turn must bear with a process that is busy for that long.
 */
export class Pulse implements Disposable {
  readonly #model: ChannelModel;
  readonly #onSilence: (ms: number) => void;
  readonly #everyMs: number;
  readonly #timer: NodeJS.Timeout | undefined;
  #probing: Promise<AmqpChannel> | undefined;
  #asked = false;
  #answered = true;
  #read = 0;
  #backlog = 0;
  /** A blocked broker reads nothing, so it can't answer either. */
  isSuspended = false;

  constructor(model: ChannelModel, everyMs: number, onSilence: (ms: number) => void) {
    this.#model = model;
    this.#everyMs = everyMs;
    this.#onSilence = onSilence;
    if (everyMs > 0) this.#timer = setInterval(() => this.#look(), everyMs).unref();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    // After the loop was busy elsewhere, what has arrived meanwhile is read first.
    setImmediate(() => {
      const isAlive = this.#hasMoved() || this.#answered;
      if (this.isSuspended) return;
      if (isAlive || !this.#asked) void this.#ask();
      else this.#onSilence(2 * this.#everyMs);
    });
  }

  #hasMoved(): boolean {
    const line = (this.#model.connection as unknown as { readonly stream?: Line }).stream;
    const { bytesRead = 0, writableLength = 0 } = line ?? {};
    const hasMoved = bytesRead !== this.#read || writableLength < this.#backlog;
    this.#read = bytesRead;
    this.#backlog = writableLength;
    return hasMoved;
  }

  /** Any question will do that changes nothing. */
  async #ask(): Promise<void> {
    this.#asked = true;
    this.#answered = false;
    try {
      this.#probing ??= this.#open();
      const channel = await this.#probing;
      await channel.prefetch(0);
      this.#answered = true;
    } catch {
      // The connection has ended, or this channel: either way there was an answer.
      this.#answered = true;
      this.#probing = undefined;
    }
  }

  async #open(): Promise<AmqpChannel> {
    const channel = await this.#model.createChannel();
    channel.on('error', () => undefined); // the question asked is refused, too
    return channel;
  }
}
