import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface ServerOptions {
  /** @default a free one; the same after a restart */
  readonly port?: number;
  /** More arguments of redis-server, or lines of rabbitmq.conf. */
  readonly config?: readonly string[];
  /** Redis: keeps its data over a kill, as RabbitMQ always does. @default false */
  readonly persistent?: boolean;
  /** A second port that speaks TLS; files of a TestAuthority. */
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string };
  /** RabbitMQ: plugins to enable. */
  readonly plugins?: readonly string[];
  /** Sentinel: the port of the master that it watches at first. */
  readonly watches?: number;
}

type Service = 'redis' | 'rabbitmq' | 'qpid' | 'sentinel';

interface Where {
  readonly url: string;
  readonly port: number;
  readonly tlsPort?: number;
}

interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

// The same from the sources and from the built output. A path, not an import: it runs in a process of its own.
const KEEPER = fileURLToPath(new URL('../../../../tools/services/keeper.mjs', import.meta.url));

/** A server of a test's own, to be killed and started again; it ends with the process of the test at the latest. */
export class TestServer implements AsyncDisposable {
  readonly #keeper: ChildProcess;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  readonly #exited: Promise<unknown>;
  #serial = 0;
  #where: Where | undefined;

  private constructor(service: string, options: ServerOptions) {
    this.#keeper = fork(KEEPER, [service, JSON.stringify(options)], {
      detached: true,
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#exited = once(this.#keeper, 'exit').then(() => {
      for (const [id, settle] of this.#waiting) settle({ id, error: `The keeper of ${service} has ended.` });
    });
    this.#keeper.on('message', (answer: Answer) => this.#waiting.get(answer.id)?.(answer));
  }

  static async open(service: Service, options: ServerOptions): Promise<TestServer> {
    const server = new TestServer(service, options);
    try {
      server.#where = (await server.#ask('open')) as Where;
      return server;
    } catch (error) {
      await server.end();
      throw error;
    }
  }

  get url(): URL {
    return new URL(this.#where!.url);
  }

  get port(): number {
    return this.#where!.port;
  }

  /** Where it speaks TLS, if it was told to. */
  get tlsPort(): number {
    const { tlsPort } = this.#where!;
    if (tlsPort === undefined) throw new Error('This server was started without the option tls.');
    return tlsPort;
  }

  /** Again after kill(), on the same port and data; resolves when it answers. */
  async start(): Promise<void> {
    await this.#ask('start');
  }

  /** SIGKILL, or a signal it may obey; resolves when it's gone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await this.#ask('kill', signal);
  }

  /** Stops it where it stands, its connections open, until the next call with false. */
  async pause(isPaused: boolean): Promise<void> {
    await this.#ask('pause', isPaused);
  }

  /** RabbitMQ: runs rabbitmqctl and resolves with what it prints. */
  async control(...args: readonly string[]): Promise<string> {
    return (await this.#ask('control', args)) as string;
  }

  /** Ends it and removes its data. */
  async end(): Promise<void> {
    if (this.#keeper.connected) this.#keeper.disconnect();
    await this.#exited;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.end();
  }

  #ask(verb: string, ...args: readonly unknown[]): Promise<unknown> {
    const id = (this.#serial += 1);
    return new Promise((resolve, reject) => {
      const settle = ({ value, error }: Answer): void => {
        this.#waiting.delete(id);
        if (error === undefined) resolve(value);
        else reject(new Error(error));
      };
      this.#waiting.set(id, settle);
      this.#keeper.send({ id, verb, args }, (error) => {
        if (error) settle({ id, error: error.message });
      });
    });
  }
}

/** A Redis of the test's own. Up in some 50 ms. */
export function startRedis(options: ServerOptions = {}): Promise<TestServer> {
  return TestServer.open('redis', options);
}

/** A RabbitMQ of the test's own. Up in some 5 s. */
export function startRabbitmq(options: ServerOptions = {}): Promise<TestServer> {
  return TestServer.open('rabbitmq', options);
}

/** A Redis Sentinel of the test's own, that calls the server at port `watches` "tq", and misses it after 0.5 s. */
export function startSentinel(options: ServerOptions & { readonly watches: number }): Promise<TestServer> {
  return TestServer.open('sentinel', options);
}

/** An Apache Qpid Broker-J of the test's own; rejects with the reason where it can't be had. */
export function startQpid(options: ServerOptions = {}): Promise<TestServer> {
  return TestServer.open('qpid', options);
}
