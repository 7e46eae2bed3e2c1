import { randomUUID } from 'node:crypto';
import type { App } from './app.ts';
import {
  mergeOptions,
  optionsFromWire,
  optionsToWire,
  signatureData,
  signatureList,
} from './call-options.ts';
import type { CallOptions, SignatureLike } from './call-options.ts';
import { checkCall, faultOfCall } from './check-call.ts';
import { immutableData, kindOf, piped, withLink } from './compose.ts';
import type { LinkOption } from './compose.ts';
import { ImproperlyConfigured } from './errors.ts';
import { emptyGroup } from './group-result.ts';
import { shown } from './message/shown-signature.ts';
import type { AsyncResult, ResultHandle } from './result.ts';
import { SentCall } from './sent-call.ts';
import { decodeJson, encodeJson } from './serialize/json.ts';
import { isMarker } from './serialize/typed.ts';
import type { Fits, GivesOf, HandleOf, Unrolled } from './signature-types.ts';
import { stamped } from './stamp.ts';
import type { Stamper } from './stamp.ts';
import type { SignatureData } from './types/signature.ts';

/**
 * One call of a task, or a work-flow of calls, as a value: arguments and options that can be kept, passed on, sent over the
 * wire and completed later. `Needs` is what must still come in front, `Gives` what comes out, `Handle` what sending it gives.
 * Never changes; every verb returns a new one.
 */
export class Signature<
  Needs extends unknown[] = unknown[],
  Gives = unknown,
  Handle extends ResultHandle<Gives> = AsyncResult<Gives>,
> {
  /** Celery's dictionary, values as the user gave them. */
  readonly data: SignatureData;
  /** A group of nothing has none. */
  readonly #app: App | undefined;
  /** Only for the compiler. */
  declare readonly types: { readonly needs: Needs; readonly gives: Gives; readonly handle: Handle };

  constructor(app: App | undefined, data: SignatureData) {
    this.#app = app;
    this.data = data;
  }

  /** The task's registered name. */
  get task(): string {
    return this.data.task;
  }

  /** The app that sends it. @throws ImproperlyConfigured for a group of nothing, which has none */
  get app(): App {
    if (this.#app) return this.#app;
    throw new ImproperlyConfigured('A group without members belongs to no app.');
  }

  /** @internal */
  get hasApp(): boolean {
    return this.#app !== undefined;
  }

  /** Sends the call; new arguments go in front of those that the signature has. */
  delay(...args: Needs): SentCall<Gives, Handle> {
    return this.applyAsync(args);
  }

  /**
   * Sends the call with options: task < signature < call. Of a chain they are for its first step, of a group for each member, of a
   * chord for header and body; but `taskId`, `link` and `linkError` are for what comes out. Spec: canvas.md 3 to 5.
   */
  applyAsync(args?: Needs, options: CallOptions = {}): SentCall<Gives, Handle> {
    const fault = faultOfCall(this.data.task, args ?? [], options);
    if (fault) return SentCall.of(randomUUID(), Promise.reject(fault));
    if (!this.#app) return nothing();
    return this.#app.sendSignature<Gives, Handle>(this.data, args ?? [], options);
  }

  /** Runs here and now, as workers would: arguments and results make the way through the serializer. */
  apply(args?: Needs, options: CallOptions = {}): SentCall<Gives, Handle> {
    const fault = faultOfCall(this.data.task, args ?? [], options);
    if (fault) return SentCall.of(randomUUID(), Promise.reject(fault));
    if (!this.#app) return nothing();
    return this.#app.applySignature<Gives, Handle>(this.data, args ?? [], options);
  }

  /**
   * What comes next, as Celery's `|`: a chain; after a group a chord, whose body gets the list of results. The compiler checks
   * that the next takes what this one gives.
   */
  pipe<S extends AnySignature>(
    next: S & Fits<Gives, S>,
  ): Signature<Needs, GivesOf<Unrolled<S>>, HandleOf<Unrolled<S>>> {
    const data = signatureData(next);
    return new Signature(this.#app ?? next.app, piped(this.data, data));
  }

  /** Another signature with more arguments in front, merged keyword arguments and options. */
  clone(
    args: readonly unknown[] = [],
    kwargs: Readonly<Record<string, unknown>> = {},
    options: CallOptions = {},
  ): Signature<unknown[], Gives, Handle> {
    const { data } = this;
    checkCall(data.task, args, options);
    const merged = kindOf(data) === 'task' ? mergedArguments(data, args, kwargs) : inFront(data, args);
    return new Signature(this.#app, {
      ...data,
      ...merged,
      options: mergeOptions(data.options, optionsToWire(options)),
    });
  }

  /** Another signature with these arguments, keyword arguments or options instead of its own. */
  replace(parts: {
    readonly args?: readonly unknown[];
    readonly kwargs?: Readonly<Record<string, unknown>>;
    readonly options?: CallOptions;
  }): Signature<unknown[], Gives, Handle> {
    checkCall(this.data.task, parts.args ?? [], parts.options ?? {});
    return new Signature(this.#app, {
      ...this.data,
      ...(parts.args ? { args: parts.args } : {}),
      ...(parts.kwargs ? { kwargs: parts.kwargs } : {}),
      ...(parts.options ? { options: optionsToWire(parts.options) } : {}),
    });
  }

  /** The same call with other options; the new ones win. */
  set(options: CallOptions): Signature<Needs, Gives, Handle> {
    checkCall(this.data.task, [], options);
    return this.#with({ ...this.data, options: { ...this.data.options, ...optionsToWire(options) } });
  }

  /** The same call with more keyword arguments; the new ones win. */
  withKwargs(kwargs: Readonly<Record<string, unknown>>): Signature<Needs, Gives, Handle> {
    return this.#with({ ...this.data, kwargs: { ...this.data.kwargs, ...kwargs } });
  }

  /** The same, taking no arguments from others, such as the result of the step before. Of a group its members, of a chord its header. */
  immutable(): Signature<[], Gives, Handle> {
    return new Signature(this.#app, immutableData(this.data));
  }

  /**
   * Runs another signature when this one succeeds, with its result in front of the other's arguments: of a chain its last step, of a
   * chord its body; of a group its first member, without its result. The result of this one stays what it is.
   */
  link(signature: SignatureLike): Signature<Needs, Gives, Handle> {
    return this.#linked('link', signature);
  }

  /**
   * Runs another signature when this one fails: any step of a chain, any member of a group, the body of a chord, which fails
   * with its header. It gets the failed task's id in front of its arguments; or, if it is one of the worker's own tasks, isn't bound
   * and has more than one parameter left, `(request, error, traceback)`.
   */
  linkError(signature: SignatureLike): Signature<Needs, Gives, Handle> {
    const withHeader = this.#app?.config.taskAllowErrorCbOnChordHeader ?? false;
    const data = signatureData(signature);
    return this.#with(withLink(this.data, 'link_error', data, { withHeader }));
  }

  /** Celery's name for `linkError()` where calls are strung together. */
  onError(signature: SignatureLike): Signature<Needs, Gives, Handle> {
    return this.linkError(signature);
  }

  /** The signature, and everything that is linked to it, and to that. */
  flattenLinks(): readonly Signature[] {
    const links = signatureList(this.data.options?.['link'] as SignatureLike[] | undefined) ?? [];
    const linked = links.flatMap((data) => new Signature(this.#app, data).flattenLinks());
    return [this as unknown as Signature, ...linked];
  }

  /**
   * Marks the signature and all in it, links too: `stamp({ tenant: 'acme' })`, or with what a visitor says of each. Workers
   * can revoke by stamps. Spec: canvas.md 9.
   */
  stamp(stamps: Readonly<Record<string, unknown>> | Stamper): Signature<Needs, Gives, Handle> {
    return this.#with(stamped(this.data, stamps));
  }

  /** Celery's JSON form; `signatureFrom()` is the way back. */
  toJSON(): SignatureData {
    return JSON.parse(encodeJson(plain(this.data), 'signature')) as SignatureData;
  }

  /** As Celery prints it: `proj.tasks.add(2, 2)`. */
  toString(): string {
    return shown(this.data);
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  #linked(option: LinkOption, signature: SignatureLike): Signature<Needs, Gives, Handle> {
    return this.#with(withLink(this.data, option, signatureData(signature)));
  }

  #with(data: SignatureData): Signature<Needs, Gives, Handle> {
    return new Signature(this.#app, data);
  }
}

/** The result of a group without members: it's there already. */
function nothing<R, H extends ResultHandle<R>>(): SentCall<R, H> {
  const id = randomUUID();
  return SentCall.of<R, H>(id, Promise.resolve(emptyGroup(id) as unknown as H));
}

function inFront(data: SignatureData, args: readonly unknown[]): Pick<SignatureData, 'args'> {
  return data.immutable ? {} : { args: [...args, ...(data.args ?? [])] };
}

/** Any signature, where its types don't matter. */
// oxlint-disable-next-line typescript/no-explicit-any -- stands for every argument list
export type AnySignature = Signature<any, any, any>;

/** Data of a new signature. */
export function makeSignatureData(
  task: string,
  args: readonly unknown[],
  options: CallOptions,
  immutable: boolean,
): SignatureData {
  checkCall(task, args, options);
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
  const { kwargs, ...call } = options;
  const merged = mergeOptions(data.options, optionsToWire(call));
  return { ...mergedArguments(data, args, kwargs ?? {}), options: optionsFromWire(merged) };
}

/** New arguments in front, new keyword arguments over the old; an immutable signature keeps its own. */
function mergedArguments(
  data: SignatureData,
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
): { readonly args: readonly unknown[]; readonly kwargs: Readonly<Record<string, unknown>> } {
  if (data.immutable) return { args: data.args ?? [], kwargs: data.kwargs ?? {} };
  return { args: [...args, ...(data.args ?? [])], kwargs: { ...data.kwargs, ...kwargs } };
}

/** Checks data that came from outside, such as parsed JSON, and reads Celery's typed values in it. @throws ImproperlyConfigured */
export function checkSignatureData(data: unknown): SignatureData {
  const { task, args, kwargs, options } = (data ?? {}) as Partial<SignatureData>;
  const fits =
    typeof task === 'string' &&
    task !== '' &&
    isAbsentOr(Array.isArray, args) &&
    isAbsentOr(isRecord, kwargs) &&
    isAbsentOr(isRecord, options);
  if (!fits)
    throw new ImproperlyConfigured(
      'Not a signature: expected an object with `task`, a list `args` and objects `kwargs` and `options`.',
    );
  const { subtask_type = null, immutable = false, ...rest } = revived(data) as SignatureData;
  return {
    ...rest,
    args: rest.args ?? [],
    kwargs: rest.kwargs ?? {},
    options: rest.options ?? {},
    subtask_type,
    immutable,
  };
}

function isAbsentOr(fits: (value: unknown) => boolean, value: unknown): boolean {
  return value === undefined || value === null || fits(value);
}

function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Nested signatures as plain data, so that only values are left to encode. */
function plain(value: unknown): unknown {
  return mapped(value, (object) => object);
}

/** The same with Celery's typed values read. */
function revived(value: unknown): unknown {
  return mapped(value, (object) => (isMarker(object) ? decodeJson(JSON.stringify(object)) : object));
}

/** A copy of lists, objects and signatures; every other value as it is. */
function mapped(value: unknown, finish: (object: object) => unknown): unknown {
  if (value instanceof Signature) return mapped(value.data, finish);
  if (Array.isArray(value)) return value.map((item) => mapped(item, finish));
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value;
  return finish(Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapped(item, finish)])));
}
