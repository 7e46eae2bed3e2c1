import type { App } from './app.ts';
import { optionsFromWire, optionsToWire, signatureList } from './call-options.ts';
import type { CallOptions, SignatureLike } from './call-options.ts';
import { ImproperlyConfigured } from './errors.ts';
import { repr } from './message/repr.ts';
import type { SentCall } from './sent-call.ts';
import { encodeJson } from './serialize/json.ts';
import type { SignatureData } from './types/signature.ts';

/**
 * One call of a task as a value: arguments and options that can be kept, passed on, sent over the wire and completed
 * later. `Needs` is what must still come in front, `Gives` what comes out. Never changes; every verb returns a new one.
 */
export class Signature<Needs extends unknown[] = unknown[], Gives = unknown> {
  /** Celery's dictionary, values as the user gave them. */
  readonly data: SignatureData;
  readonly #app: App;
  /** Only for the compiler. */
  declare readonly types: { readonly needs: Needs; readonly gives: Gives };

  constructor(app: App, data: SignatureData) {
    this.#app = app;
    this.data = data;
  }

  get task(): string {
    return this.data.task;
  }

  /** Sends the call; new arguments go in front of those that the signature has. */
  delay(...args: Needs): SentCall<Gives> {
    return this.applyAsync(args);
  }

  /** Sends the call with options: task < signature < call. */
  applyAsync(args?: Needs, options: CallOptions = {}): SentCall<Gives> {
    const { args: all, kwargs, options: merged } = applied(this.data, args ?? [], options);
    return this.#app.send<Gives>(this.data.task, all, { ...merged, kwargs });
  }

  /** Another signature with more arguments in front, merged keyword arguments and options. */
  clone(
    args: readonly unknown[] = [],
    kwargs: Readonly<Record<string, unknown>> = {},
    options: CallOptions = {},
  ): Signature<unknown[], Gives> {
    const merged = applied(this.data, args, { ...options, kwargs });
    return new Signature(this.#app, {
      ...this.data,
      args: merged.args,
      kwargs: merged.kwargs,
      options: optionsToWire(merged.options),
    });
  }

  /** The same call with other options; the new ones win. */
  set(options: CallOptions): Signature<Needs, Gives> {
    return this.#with({ options: { ...this.data.options, ...optionsToWire(options) } });
  }

  /** The same call with more keyword arguments; the new ones win. */
  withKwargs(kwargs: Readonly<Record<string, unknown>>): Signature<Needs, Gives> {
    return this.#with({ kwargs: { ...this.data.kwargs, ...kwargs } });
  }

  /** Never takes arguments from others, such as the result of the task it is linked to. */
  immutable(): Signature<[], Gives> {
    return new Signature(this.#app, { ...this.data, immutable: true });
  }

  /** Runs another signature when this call succeeds. */
  link(signature: SignatureLike): Signature<Needs, Gives> {
    return this.#append('link', signature);
  }

  /** Runs another signature when this call fails. */
  linkError(signature: SignatureLike): Signature<Needs, Gives> {
    return this.#append('link_error', signature);
  }

  /** Celery's JSON form; `signatureFrom()` is the way back. */
  toJSON(): SignatureData {
    return JSON.parse(encodeJson(plain(this.data), 'signature')) as SignatureData;
  }

  /** As Celery prints it: `proj.tasks.add(2, 2)`. */
  toString(): string {
    const args = (this.data.args ?? []).map((arg) => repr(arg));
    const kwargs = Object.entries(this.data.kwargs ?? {}).map(([name, value]) => `${name}=${repr(value)}`);
    return `${this.data.task}(${[...args, ...kwargs].join(', ')})`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  #append(option: 'link' | 'link_error', signature: SignatureLike): Signature<Needs, Gives> {
    const present = signatureList(this.data.options?.[option] as SignatureLike[] | undefined) ?? [];
    return this.#with({
      options: { ...this.data.options, [option]: [...present, ...(signatureList(signature) ?? [])] },
    });
  }

  #with(changes: Partial<SignatureData>): Signature<Needs, Gives> {
    return new Signature(this.#app, { ...this.data, ...changes });
  }
}

/** Any signature, where its types don't matter. */
// oxlint-disable-next-line typescript/no-explicit-any -- stands for every argument list
export type AnySignature = Signature<any, any>;

/** Data of a new signature. */
export function makeSignatureData(
  task: string,
  args: readonly unknown[],
  options: CallOptions,
  immutable: boolean,
): SignatureData {
  return {
    task,
    args: [...args],
    kwargs: { ...options.kwargs },
    options: optionsToWire(options),
    subtask_type: null,
    immutable,
  };
}

/** What is sent when a signature meets arguments. Spec: canvas.md 1.2. */
export function applied(
  data: SignatureData,
  args: readonly unknown[],
  options: CallOptions,
): {
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  readonly options: CallOptions;
} {
  const own = optionsFromWire(data.options);
  const { kwargs: extra, ...call } = options;
  const merged = {
    ...own,
    ...withoutUndefined(call),
    ...(own.groupId === undefined ? {} : { groupId: own.groupId }),
  };
  if (data.immutable) return { args: data.args ?? [], kwargs: data.kwargs ?? {}, options: merged };
  return { args: [...args, ...(data.args ?? [])], kwargs: { ...data.kwargs, ...extra }, options: merged };
}

/** Checks data that came from outside, such as parsed JSON. */
export function checkSignatureData(data: unknown): SignatureData {
  const { task, args, kwargs } = (data ?? {}) as Partial<SignatureData>;
  if (
    typeof task !== 'string' ||
    task === '' ||
    (args !== undefined && !Array.isArray(args)) ||
    (kwargs !== undefined && (typeof kwargs !== 'object' || kwargs === null))
  ) {
    throw new ImproperlyConfigured(
      'Not a signature: expected an object with `task`, a list `args` and an object `kwargs`.',
    );
  }
  return data as SignatureData;
}

/** Nested signatures as plain data, so that only values are left to encode. */
function plain(value: unknown): unknown {
  if (value instanceof Signature) return plain(value.data);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

function withoutUndefined(options: CallOptions): CallOptions {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined && value !== null),
  );
}
