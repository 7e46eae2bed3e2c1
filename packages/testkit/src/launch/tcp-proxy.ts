import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/**
 * Stands between a client and a server, and spoils the line: holds bytes back, swallows them without a word as a dead
 * network would, cuts connections.
 */
export class TcpProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #target: number;
  /** Both ends of every connection. */
  readonly #sockets = new Set<Socket>();
  #isHole = false;
  /** How long each piece of data is held back. Milliseconds. */
  delayMs = 0;

  private constructor(server: Server, target: number) {
    this.#server = server;
    this.#target = target;
    server.on('connection', (near) => this.#accept(near));
  }

  /** A proxy in front of a port of this machine. */
  static async open(target: number): Promise<TcpProxy> {
    const server = createServer({ allowHalfOpen: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TcpProxy(server, target);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** The same address, through this proxy. */
  through(url: URL): URL {
    const changed = new URL(url);
    changed.hostname = '127.0.0.1';
    changed.port = String(this.port);
    return changed;
  }

  /** From now on nothing gets through and nobody is told; new connections are accepted and never answered. */
  blackHole(): void {
    this.#isHole = true;
  }

  /** The line works again, for new connections: what was swallowed is lost, so the old ones are cut. */
  heal(): void {
    this.#isHole = false;
    this.cut();
  }

  /** Every connection ends at once, on both sides. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.cut();
    await closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #accept(near: Socket): void {
    const far = connect({ port: this.#target, host: '127.0.0.1', allowHalfOpen: true });
    this.#join(near, far);
    this.#join(far, near);
  }

  #join(from: Socket, to: Socket): void {
    this.#sockets.add(from.setNoDelay(true));
    from.on('data', (data) => this.#pass(() => to.write(data)));
    from.on('end', () => this.#pass(() => to.end()));
    from.on('error', () => undefined); // 'close' follows
    from.on('close', () => {
      this.#sockets.delete(from);
      this.#pass(() => to.destroy());
    });
  }

  #pass(send: () => void): void {
    if (this.#isHole) return;
    if (this.delayMs === 0) return send();
    setTimeout(() => {
      if (!this.#isHole) send();
    }, this.delayMs);
  }
}
