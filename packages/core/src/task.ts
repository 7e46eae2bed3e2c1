import type { App } from './app.ts';
import type { CallOptions } from './call-options.ts';
import { callDirectly } from './direct-call.ts';
import { makeSignatureData, Signature } from './signature.ts';
import type { EndsCall, Missing } from './signature-types.ts';
import type { SentCall } from './sent-call.ts';
import type { TaskDefinition } from './task-definition.ts';

/**
 * A registered task. Called as a function it runs here and now; its methods send it to a worker.
 * `P` are its parameters, `R` what the function returns (a promise of it when the function is async).
 */
export interface Task<P extends unknown[] = unknown[], R = unknown> {
  (...args: P): R;
  /** The registered name. */
  readonly taskName: string;
  readonly app: App;
  readonly definition: TaskDefinition;
  /** Sends a call. */
  delay(...args: P): SentCall<Awaited<R>>;
  /** Sends a call with options; `kwargs` may stand for arguments, so the compiler lets these be fewer. */
  applyAsync(
    args?: P | (P extends [...infer Head, unknown] ? Head | [] : []),
    options?: CallOptions,
  ): SentCall<Awaited<R>>;
  /** Runs here and now, as a worker would: arguments and result make the way through the serializer. `get()` as of a call that is sent. */
  apply(args?: readonly unknown[], options?: CallOptions): SentCall<Awaited<R>>;
  /** A signature with these arguments at the end; what is missing comes in front later. */
  s<G extends unknown[]>(...args: G & EndsCall<P, G>): Signature<Missing<P, G>, Awaited<R>>;
  /** An immutable signature: takes nothing from the task it is linked to. */
  si(...args: P): Signature<[], Awaited<R>>;
  /** A signature with options. */
  signature<G extends unknown[]>(
    args?: readonly [...G] & EndsCall<P, G>,
    options?: CallOptions,
  ): Signature<Missing<P, G>, Awaited<R>>;
}

/** Any task, where its types don't matter. */
// oxlint-disable-next-line typescript/no-explicit-any -- stands for every argument list
export type AnyTask = Task<any, any>;

/** Makes the callable of a definition. */
export function makeTask<P extends unknown[], R>(app: App, definition: TaskDefinition): Task<P, R> {
  const { name, options, run } = definition;
  const plain = run as (...args: unknown[]) => R;
  const call = options.bind
    ? (...args: P): R => callDirectly(app, definition, args) as R
    : (...args: P): R => plain(...args);
  const methods = {
    taskName: name,
    app,
    definition,
    delay: (...args: P) => app.call<Awaited<R>>(name, args),
    applyAsync: (args: readonly unknown[] = [], callOptions: CallOptions = {}) =>
      app.call<Awaited<R>>(name, args, callOptions),
    apply: (args: readonly unknown[] = [], callOptions: CallOptions = {}) =>
      app.applyEagerly<Awaited<R>>(name, args, callOptions),
    s: (...args: unknown[]) => new Signature(app, makeSignatureData(name, args, {}, false)),
    si: (...args: unknown[]) => new Signature(app, makeSignatureData(name, args, {}, true)),
    signature: (args: readonly unknown[] = [], callOptions: CallOptions = {}) =>
      new Signature(app, makeSignatureData(name, args, callOptions, false)),
    [Symbol.for('nodejs.util.inspect.custom')]: () => `<Task: ${name}>`,
  };
  return Object.assign(call, methods) as unknown as Task<P, R>;
}
