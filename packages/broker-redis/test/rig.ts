/** Servers that tests may break, and a wire that they may cut. */
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@tq/testkit';
import { Redis } from 'ioredis';

/** Why a server of one's own can't be had; undefined when it can. */
export const noServer: string | undefined =
  spawnSync('redis-server', ['--version']).status === 0
    ? undefined
    : 'redis-server is not installed, so no server can be broken here';

/** A Redis of a test's own. */
export class PrivateRedis implements AsyncDisposable {
  readonly port: number;
  readonly folder = mkdtempSync(join(tmpdir(), 'tq-redis-'));
  readonly #options: readonly string[];
  #process: ChildProcess | undefined;

  private constructor(port: number, options: readonly string[]) {
    this.port = port;
    this.#options = options;
  }

  static async start(...options: readonly string[]): Promise<PrivateRedis> {
    const server = new PrivateRedis(await freePort(), options);
    await server.start();
    return server;
  }

  get url(): URL {
    return new URL(`redis://127.0.0.1:${this.port}/0`);
  }

  async start(): Promise<void> {
    const fixed = ['--port', String(this.port), '--dir', this.folder, '--save', '', '--appendonly', 'yes'];
    this.#process = spawn('redis-server', [...fixed, '--appendfsync', 'always', ...this.#options], {
      stdio: 'ignore',
    });
    await eventually(async () => (await this.ask('PING')) === 'PONG', {
      timeoutMs: 10_000,
      what: 'the server',
    });
  }

  async kill(): Promise<void> {
    const { exitCode, signalCode } = this.#process!;
    if (exitCode !== null || signalCode !== null) return;
    const exited = once(this.#process!, 'exit');
    this.#process!.kill('SIGKILL');
    await exited;
  }

  async ask(...[command, ...args]: readonly [string, ...(string | number)[]]): Promise<unknown> {
    const client = new Redis(this.port, '127.0.0.1', {
      lazyConnect: true,
      retryStrategy: () => null,
      protocol: 2,
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return await client.call(command, args);
    } finally {
      client.disconnect();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A wire to a server: it can be cut, or swallow everything in silence. */
export class Wire implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #swallows = false;
  /** Sees what goes to the server; true cuts the wire once it is there, before any answer. */
  onRequest: (data: Buffer) => boolean = () => false;
  /** Sees what comes back; true cuts the wire instead. */
  onAnswer: (data: Buffer) => boolean = () => false;

  private constructor(to: { readonly host: string; readonly port: number }) {
    this.#server = createServer((near) => this.#join(near, connect(to.port, to.host)));
  }

  static async to(url: URL): Promise<Wire> {
    const wire = new Wire({ host: url.hostname, port: Number(url.port || 6379) });
    wire.#server.listen(0, '127.0.0.1');
    await once(wire.#server, 'listening');
    return wire;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  through(url: URL): URL {
    const through = new URL(url);
    through.hostname = '127.0.0.1';
    through.port = String(this.port);
    return through;
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Nothing comes through any more, and nobody is told. */
  swallow(): void {
    this.#swallows = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(near: Socket, far: Socket): void {
    for (const socket of [near, far]) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.on('data', (data: Buffer) => {
      if (this.#swallows) return;
      const last = this.onRequest(data);
      far.write(data);
      if (!last) return;
      far.end(); // what was said is still done
      near.destroy();
    });
    far.on('data', (data: Buffer) => {
      if (this.#swallows) return;
      if (this.onAnswer(data)) this.cut();
      else near.write(data);
    });
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
