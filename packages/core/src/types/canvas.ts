import type { App } from '../app.ts';
import type { CallOptions } from '../call-options.ts';
import type { ChordPart, ResultTuple, WireError } from './backend.ts';
import type { Embed } from './pool.ts';
import type { TaskRequest } from './request.ts';
import type { SignatureData } from './signature.ts';

/** A call ready to be sent; its id is known before. */
export interface NextCall {
  readonly task: string;
  readonly args: readonly unknown[];
  readonly options: CallOptions & { readonly taskId: string };
}

/** What sending a signature comes to. Nothing of it has happened yet. */
export interface Plan {
  /** Messages to send now; what comes later travels in them. */
  readonly calls: readonly NextCall[];
  /** Sizes of chords, to be known before the last of these calls is sent. */
  readonly chords: readonly { readonly groupId: string; readonly size: number }[];
  /** Whether a chord is to be counted, now or later. */
  readonly usesChords: boolean;
  /** Ids of what comes later; somebody may wait for them already. */
  readonly later: readonly string[];
  /** References to what comes out; none where nothing was asked for. */
  readonly results: readonly ResultTuple[];
}

/** Whose outcome sets something off. */
export interface FinishedTask {
  readonly id: string;
  readonly rootId: string;
  readonly priority: number | undefined;
  /** Where its caller waits: what it sets off answers there too, unless it says otherwise. */
  readonly replyTo?: string | undefined;
  /** Whether what it sets off has its priority, unless it has its own: the setting taskInheritParentPriority. @default false */
  readonly inheritPriority?: boolean;
  /** What error links that take a failure are told of the failed task. */
  readonly request?: FailedRequest;
}

/** A failed task, as its error links see it: `(request, error, traceback) => …`. */
export type FailedRequest = Pick<
  TaskRequest,
  'id' | 'task' | 'rootId' | 'parentId' | 'retries' | 'argsrepr' | 'kwargsrepr'
>;

/** A call that will never be made because of another's failure. */
export interface Abandoned {
  readonly id: string;
  readonly task: string;
  readonly group: string | null;
  readonly groupIndex: number | null;
  /** The body of the chord that it is a member of, which counts it all the same. */
  readonly chord: SignatureData | null;
  /** Error links to call, with its id; none of what was to run later anyway. */
  readonly errbacks: readonly SignatureData[];
}

/** How a chord goes on once its header is complete. */
export type ChordEnd =
  | { readonly kind: 'body'; readonly plan: Plan }
  | { readonly kind: 'failed'; readonly error: WireError };

/** What core and the worker ask of canvas; core finds it as it finds drivers. All pure. */
export interface CanvasModule {
  /** What it comes to to send a signature. `front` are arguments from outside. */
  plan(
    data: SignatureData,
    front: readonly unknown[],
    options: CallOptions,
    around: { readonly replyTo?: string },
  ): Plan;
  /** What a success sets off: links and the next step of a chain. */
  afterSuccess(embed: Embed, result: unknown, task: FinishedTask): Plan;
  /** Everything in these signatures that somebody may wait for; with `asHeads` also their error links. */
  abandoned(
    signatures: readonly SignatureData[],
    options?: { readonly asHeads?: boolean },
  ): readonly Abandoned[];
  /** Error links of a failed task. */
  afterFailure(
    errbacks: readonly SignatureData[],
    error: WireError,
    task: FinishedTask,
    isTold: (errback: SignatureData) => boolean,
  ): Plan;
  /** What becomes of a chord whose members have all ended. */
  endOfChord(body: SignatureData, parts: readonly ChordPart[], task: FinishedTask): ChordEnd;
  /** Celery's own tasks, for apps that run them. */
  registerBuiltins(app: App): void;
  /** What takes the place of a task, under its id. */
  replacement(by: SignatureData, task: ReplacedTask, embed: Embed | undefined): Plan;
}

/** A task that gives way to another. */
export interface ReplacedTask extends FinishedTask {
  readonly group: string | null;
  readonly groupIndex: number | null;
  readonly replacedTaskNesting: number;
}
