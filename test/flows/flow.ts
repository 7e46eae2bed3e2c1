/** What tasks of generated work-flows take and give: numbers, null, and lists of these. */
export type Value = number | null | readonly Value[];

/** What a task does beside its arithmetic. */
export type TaskName =
  | 'add'
  | 'mul'
  | 'sub'
  | 'id'
  | 'join'
  | 'none'
  /** Fails. */
  | 'fail'
  /** Is retried `times` times, then adds. */
  | 'flaky'
  /** Is retried `times` times, then fails. */
  | 'exhausted'
  /** Kills its process. */
  | 'lost'
  /** Runs into its time limit. */
  | 'slow'
  /** Gives way to `by`. */
  | 'replace'
  /** Adds `more` to its chord, then adds. */
  | 'grow';

/** What every part of a work-flow may have. */
export interface Links {
  readonly links?: readonly Flow[];
  readonly errors?: readonly ErrorLink[];
}

export interface ErrorLink {
  readonly mark: string;
  /** Takes the failure itself, not only the id of what failed. */
  readonly told: boolean;
}

export interface Call extends Links {
  readonly kind: 'call';
  readonly task: TaskName;
  /** Behind what comes from outside. */
  readonly args: readonly Value[];
  /** Names the call in the ledger. */
  readonly mark: string;
  readonly immutable?: true;
  readonly times?: number;
  readonly by?: Flow;
  readonly more?: Flow;
  /** Seconds. */
  readonly countdown?: number;
  /** Is too late when it is sent. */
  readonly expired?: true;
  /** Is revoked before it is sent; its id. */
  readonly revoked?: string;
  readonly ignoreResult?: true;
}

export interface Chain extends Links {
  readonly kind: 'chain';
  readonly steps: readonly Flow[];
  /** Put together step by step, with `pipe()`. */
  readonly piped?: true;
}

export interface Group extends Links {
  readonly kind: 'group';
  readonly members: readonly Flow[];
}

export interface Chord extends Links {
  readonly kind: 'chord';
  readonly header: readonly Flow[];
  readonly body: Flow;
}

/** One task over a list: `twice` of each item, `plus` of each pair; an item of 13 fails. */
export interface Spread extends Links {
  readonly kind: 'map' | 'starmap';
  readonly items: readonly Value[];
}

/** A starmap in pieces. */
export interface Chunks extends Links {
  readonly kind: 'chunks';
  readonly items: readonly Value[];
  readonly n: number;
}

/** A work-flow as plain data: it can be built by tq and by Python, and foretold. */
export type Flow = Call | Chain | Group | Chord | Spread | Chunks;

/** A whole work-flow, as a client sends it. */
export interface Canvas {
  /** Makes the same one again. */
  readonly seed: number;
  readonly flow: Flow;
  /** Arguments for its first tasks. */
  readonly front: readonly Value[];
}

/** Every call of a work-flow, those in links and replacements too. */
export function* callsOf(flow: Flow): Generator<Call> {
  for (const link of flow.links ?? []) yield* callsOf(link);
  if (flow.kind === 'call') {
    yield flow;
    if (flow.by) yield* callsOf(flow.by);
    if (flow.more) yield* callsOf(flow.more);
  } else for (const part of partsOf(flow)) yield* callsOf(part);
}

/** What a work-flow is directly made of. */
export function partsOf(flow: Flow): readonly Flow[] {
  switch (flow.kind) {
    case 'chain':
      return flow.steps;
    case 'group':
      return flow.members;
    case 'chord':
      return [...flow.header, flow.body];
    case 'call':
    case 'map':
    case 'starmap':
    case 'chunks':
      return [];
  }
}
