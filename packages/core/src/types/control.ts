import type { Duration } from '../duration.ts';
import type { App } from '../app.ts';
import type { ExchangeType } from './transport.ts';
import type { Logger } from './logger.ts';

/** What nodes have answered, by node name. */
export type Replies<T = unknown> = Readonly<Record<string, T>>;

/** What a control command answers: that it was done, or why not. */
export type Done = { readonly ok: unknown } | { readonly error: string };

/** Whom to ask. */
export interface Addressees {
  /** Node names, exactly; a text may hold several between commas. @default every node */
  readonly destination?: string | readonly string[];
  /** Only nodes whose name fits; used where no destination is given. */
  readonly pattern?: string;
  /** How `pattern` is read: `worker*@eu-*`, or a regular expression from the start of the name. @default "glob" */
  readonly matcher?: 'glob' | 'pcre';
}

/** Whom to ask, and how long to listen. */
export interface AskOptions extends Addressees {
  /** Longest wait; it ends earlier when every known node has answered. @default 1 */
  readonly timeout?: Duration;
  /** Enough is this many answers. @default as many as there are destinations */
  readonly limit?: number;
  /** Nodes that are known to run: they are waited for, and those that don't answer are named. */
  readonly expect?: readonly string[];
  /** Called with each answer as it comes. */
  readonly onReply?: (node: string, reply: unknown) => void;
  /** Stops listening. */
  readonly signal?: AbortSignal;
}

/** How a control command is sent. */
export interface CommandOptions extends AskOptions {
  /** Wait for answers. @default false: the record that comes back is empty */
  readonly reply?: boolean;
}

/** Ending tasks that run. */
export interface RevokeOptions extends Omit<CommandOptions, 'signal'> {
  /** Also end it where it runs. @default false */
  readonly terminate?: boolean;
  /** With what: `SIGKILL`, `KILL` or a number. @default "SIGTERM" */
  readonly signal?: string | number;
}

/** What was heard on a question. */
export interface Answers<T = unknown> {
  readonly replies: Replies<T>;
  /** Nodes that are known to run and have not answered in time. */
  readonly silent: readonly string[];
}

/** A task as a worker shows it. Spec: control.md 4. */
export interface TaskInfo {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  /** Texts with `safe`. */
  readonly args: readonly unknown[] | string;
  readonly kwargs: Readonly<Record<string, unknown>> | string;
  readonly hostname: string;
  /** Unix seconds. */
  readonly time_start: number | null;
  readonly acknowledged: boolean;
  readonly delivery_info: Readonly<Record<string, unknown>>;
  readonly worker_pid: number | null;
}

/** A task that waits for its moment. */
export interface ScheduledTask {
  readonly eta: string;
  readonly priority: number;
  readonly request: TaskInfo;
}

/** Questions that change nothing. Each gives what every node has answered; a node that failed answers `{ error }`. */
export interface Inspect {
  active(options?: { readonly safe?: boolean }): Promise<Replies<readonly TaskInfo[]>>;
  activeQueues(): Promise<Replies<readonly Readonly<Record<string, unknown>>[]>>;
  clock(): Promise<Replies<{ readonly clock: number }>>;
  conf(options?: { readonly withDefaults?: boolean }): Promise<Replies<Readonly<Record<string, unknown>>>>;
  memdump(options?: { readonly samples?: number }): Promise<Replies<string>>;
  memsample(): Promise<Replies<string>>;
  objgraph(options?: {
    readonly type?: string;
    readonly num?: number;
    readonly maxDepth?: number;
  }): Promise<Replies<{ readonly filename: string }>>;
  ping(): Promise<Replies<Done>>;
  queryTask(...ids: readonly string[]): Promise<Replies<Replies<readonly [state: string, info: TaskInfo]>>>;
  registered(...attributes: readonly string[]): Promise<Replies<readonly string[]>>;
  report(): Promise<Replies<Done>>;
  reserved(): Promise<Replies<readonly TaskInfo[]>>;
  revoked(): Promise<Replies<readonly string[]>>;
  scheduled(): Promise<Replies<readonly ScheduledTask[]>>;
  stats(): Promise<Replies<Readonly<Record<string, unknown>>>>;
  /** Any other, such as one that an app has added. */
  ask<T = unknown>(command: string, args?: Readonly<Record<string, unknown>>): Promise<Replies<T>>;
}

/** A queue for `addConsumer()`. */
export interface ConsumerOptions extends CommandOptions {
  /** @default the queue's name */
  readonly exchange?: string;
  /** @default "direct" */
  readonly exchangeType?: ExchangeType;
  /** @default the queue's name */
  readonly routingKey?: string;
  /** More, as Celery names it: `{ queue_durable: false }`. */
  readonly options?: Readonly<Record<string, unknown>>;
}

/**
 * Remote control of workers, from any process with the app: `app.control`. Sending resolves when the broker has the command;
 * with `reply: true` when the nodes have answered.
 */
export interface Control {
  /** Questions that change nothing. */
  inspect(options?: AskOptions): Inspect;
  ping(options?: AskOptions): Promise<Replies<Done>>;
  /** No worker runs these tasks any more; those that run go on, unless `terminate` says otherwise. */
  revoke(ids: string | readonly string[], options?: RevokeOptions): Promise<Replies<Done>>;
  /** `revoke()` with `terminate`. */
  terminate(
    ids: string | readonly string[],
    options?: Omit<RevokeOptions, 'terminate'>,
  ): Promise<Replies<Done>>;
  /** Revokes every task with one of these stamps. */
  revokeByStampedHeaders(
    headers: Readonly<Record<string, unknown>>,
    options?: RevokeOptions,
  ): Promise<Replies<Done>>;
  /** `10/s`, `100/m`, `5/h`, a number a second; 0 or null = no limit. Of each worker. */
  rateLimit(task: string, rate: string | number | null, options?: CommandOptions): Promise<Replies<Done>>;
  /** Limits of executions that begin from now on. */
  timeLimit(
    task: string,
    limits: { readonly soft?: Duration | null; readonly hard?: Duration | null },
    options?: CommandOptions,
  ): Promise<Replies<Done>>;
  enableEvents(options?: CommandOptions): Promise<Replies<Done>>;
  disableEvents(options?: CommandOptions): Promise<Replies<Done>>;
  /** Has every node send a heartbeat event now. */
  heartbeat(options?: CommandOptions): Promise<Replies<null>>;
  poolGrow(by?: number, options?: CommandOptions): Promise<Replies<Done>>;
  poolShrink(by?: number, options?: CommandOptions): Promise<Replies<Done>>;
  /** New processes or threads, which load the app anew. Needs the setting workerPoolRestarts. */
  poolRestart(options?: CommandOptions & { readonly modules?: readonly string[] }): Promise<Replies<Done>>;
  /** Another range for workers that were started with `--autoscale`. */
  autoscale(
    range: { readonly max?: number; readonly min?: number },
    options?: CommandOptions,
  ): Promise<Replies<Done>>;
  addConsumer(queue: string, options?: ConsumerOptions): Promise<Replies<Done>>;
  cancelConsumer(queue: string, options?: CommandOptions): Promise<Replies<Done>>;
  /** Warm; nobody answers. */
  shutdown(options?: Addressees): Promise<void>;
  /** Has one of several workers act on it. */
  election(id: string, topic: string, action: unknown, options?: Addressees): Promise<void>;
  /** Removes all waiting messages of the app's queues; resolves with how many. */
  purge(): Promise<number>;
  /** Sends any command and waits for nobody. */
  broadcast(
    command: string,
    args?: Readonly<Record<string, unknown>>,
    options?: Addressees & { readonly signal?: AbortSignal },
  ): Promise<void>;
  /** Sends any command and collects the answers. */
  ask<T = unknown>(
    command: string,
    args?: Readonly<Record<string, unknown>>,
    options?: AskOptions,
  ): Promise<Answers<T>>;
  /** Closes its connection; the app does it at its own end. */
  close(): Promise<void>;
}

/** An argument of a command, by which command lines are read. */
export interface CommandArgument {
  /** As in the message: `task_name`. */
  readonly name: string;
  /** @default "string" */
  readonly type?: 'string' | 'integer' | 'number' | 'boolean' | 'json';
  readonly optional?: boolean;
}

/** What is to be known of a command without running it. */
export interface CommandFacts {
  readonly name: string;
  /** Whether it changes anything. */
  readonly kind: 'inspect' | 'control';
  /** One sentence for the help. */
  readonly help: string;
  readonly args?: readonly CommandArgument[];
  /** The argument that takes all further words as a list. */
  readonly variadic?: string;
  readonly alias?: string;
  /** How the help shows the arguments. @default made of `args` and `variadic` */
  readonly signature?: string;
  /** Wait of the command line for answers. @default 1 */
  readonly defaultTimeout?: Duration;
  /** Whether nodes answer it. @default true */
  readonly answers?: boolean;
  /** Whether the help shows it. @default true */
  readonly visible?: boolean;
}

/** The worker that a command has reached. */
export interface CommandTarget {
  readonly app: App;
  readonly hostname: string;
  readonly logger: Logger;
  /** Numbers of the worker. */
  readonly info: () => Readonly<Record<string, unknown>>;
}

/** What a command of an app does in a worker. What it returns is the answer; what it throws is answered as `{ error }`. */
export type CommandHandler = (worker: CommandTarget, args: Readonly<Record<string, unknown>>) => unknown;

/** A command that an app has added. */
export interface AppCommand extends CommandFacts {
  readonly run: CommandHandler;
}
