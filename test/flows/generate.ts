import type { Call, Canvas, ErrorLink, Flow, Links, TaskName, Value } from './flow.ts';
import { Random } from './random.ts';

export interface GenerateOptions {
  /** Whether things may go wrong at all. @default in every second work-flow */
  readonly hazards?: boolean;
}

const DEPTH = 4;
/** Calls in one work-flow, more or less. */
const BUDGET = 24;

/** Makes a work-flow of every kind of part, nested in every way; always the same for a seed. */
export function generate(seed: number, options: GenerateOptions = {}): Canvas {
  const random = new Random(seed);
  const hazards = options.hazards ?? random.chance(0.5);
  const generator = new Generator(seed, random, hazards);
  const front = random.chance(0.3) ? [random.between(1, 9)] : [];
  return { seed, flow: generator.root(), front };
}

/** Where a part stands. */
interface Where {
  /** How many levels may be below. */
  readonly depth: number;
  /** Somebody waits for its result: it must not be ignored. */
  readonly isEnd: boolean;
  /** Takes another's place, and with it its id. */
  readonly isReplacement?: boolean;
}

class Generator {
  readonly #seed: number;
  readonly #random: Random;
  readonly #hazards: boolean;
  #marks = 0;
  #left = BUDGET;

  constructor(seed: number, random: Random, hazards: boolean) {
    this.#seed = seed;
    this.#random = random;
    this.#hazards = hazards;
  }

  root(): Flow {
    const depth = this.#random.between(1, DEPTH);
    const kind = this.#random.weighted({ chain: 5, group: 3, chord: 5, chunks: 0.4, any: 1 });
    if (kind === 'any') return this.#flow({ depth, isEnd: true });
    return this.#made(kind, { depth, isEnd: true });
  }

  #flow(where: Where): Flow {
    const isDeep = where.depth <= 0 || this.#left <= 0;
    const composite = isDeep ? 0 : 1;
    const kind = this.#random.weighted({
      call: 5,
      chain: 3 * composite,
      group: 2 * composite,
      chord: 2 * composite,
      map: 0.3,
      starmap: 0.3,
    });
    return this.#made(kind, where);
  }

  #made(kind: Flow['kind'], where: Where): Flow {
    const random = this.#random;
    const below: Where = { ...where, depth: where.depth - 1 };
    switch (kind) {
      case 'call':
        return this.#call(where);
      case 'chain':
        return this.#chain(below);
      case 'group': {
        const members = random.times(this.#width(), () => this.#flow(below));
        // A group of nothing disappears in another group.
        if (random.chance(0.03)) members.push({ kind: 'group', members: [] });
        return { kind, members, ...this.#links() };
      }
      case 'chord':
        return random.chance(0.15) ? this.#growing(below) : this.#chord(below);
      case 'map':
        return { kind, items: this.#items(() => random.between(0, 12)), ...this.#links() };
      case 'starmap':
        return { kind, items: this.#pairs(), ...this.#links() };
      case 'chunks':
        return { kind, items: this.#pairs(), n: random.between(1, 3) };
    }
  }

  #chain(below: Where): Flow {
    const random = this.#random;
    const count = random.between(2, 4);
    const steps = random.times(count, (index) =>
      this.#flow({ ...below, isEnd: below.isEnd && index === count - 1 }),
    );
    if (random.chance(0.03)) steps.splice(random.between(1, count), 0, { kind: 'group', members: [] });
    // What `pipe()` makes of a group of one depends on Celery's release.
    const isPlain = steps.every((step) => step.kind !== 'group' || step.members.length > 1);
    const piped = isPlain && random.chance(0.4) ? ({ piped: true } as const) : {};
    return { kind: 'chain', steps, ...piped, ...this.#links() };
  }

  #chord(below: Where): Flow {
    const header = this.#random.times(this.#random.chance(0.03) ? 0 : this.#width(), () =>
      this.#flow({ ...below, isEnd: false }),
    );
    return { kind: 'chord', header, body: this.#flow(below), ...this.#links() };
  }

  /** A chord to whose header members are added; their places aren't known, so its body only adds. */
  #growing(below: Where): Flow {
    const members = this.#random.times(this.#width(), () => this.#flow({ ...below, isEnd: false }));
    const more = this.#flow({ depth: Math.min(below.depth, 1), isEnd: false });
    const grow: Flow = { kind: 'call', task: 'grow', args: this.#args(1), mark: this.#mark(), more };
    members.splice(this.#random.between(0, members.length), 0, grow);
    return { kind: 'chord', header: members, body: { ...this.#plain('add') }, ...this.#links() };
  }

  #call(where: Where): Call {
    const random = this.#random;
    this.#left -= 1;
    const task = this.#task(where);
    const call = this.#plain(task);
    return {
      ...call,
      ...(random.chance(0.12) ? { immutable: true } : {}),
      ...(task === 'flaky' || task === 'exhausted' ? { times: random.between(1, 2) } : {}),
      ...(task === 'replace'
        ? { by: this.#flow({ depth: Math.min(where.depth, 2), isEnd: true, isReplacement: true }) }
        : {}),
      ...(random.chance(0.04) ? { countdown: random.between(5, 30) / 100 } : {}),
      ...(this.#hazards && random.chance(0.015) ? { expired: true } : {}),
      ...(this.#hazards && !where.isReplacement && random.chance(0.02)
        ? { revoked: `revoked-${call.mark}` }
        : {}),
      ...(!where.isEnd && random.chance(0.05) ? { ignoreResult: true } : {}),
      ...this.#links(),
    };
  }

  #plain(task: TaskName): Call {
    return { kind: 'call', task, args: this.#args(this.#random.between(0, 2)), mark: this.#mark() };
  }

  #task({ depth }: Where): TaskName {
    const hazard = this.#hazards ? 1 : 0;
    return this.#random.weighted<TaskName>({
      add: 5,
      mul: 3,
      sub: 2,
      id: 2,
      join: 3,
      none: 0.3,
      flaky: 0.6,
      replace: depth > 0 && this.#left > 0 ? 0.8 : 0,
      fail: hazard,
      exhausted: 0.3 * hazard,
      lost: 0.08 * hazard,
      slow: 0.04 * hazard,
      grow: 0,
    });
  }

  #links(): Links {
    const random = this.#random;
    const links = random.chance(0.06) ? random.times(random.between(1, 2), () => this.#link()) : [];
    const errors = random.chance(0.2) ? random.times(random.between(1, 2), () => this.#errorLink()) : [];
    return { ...(links.length > 0 ? { links } : {}), ...(errors.length > 0 ? { errors } : {}) };
  }

  #link(): Flow {
    return this.#left > 0 && this.#random.chance(0.3)
      ? this.#flow({ depth: 1, isEnd: false })
      : this.#plain('add');
  }

  #errorLink(): ErrorLink {
    return { mark: this.#mark(), told: this.#random.chance(0.5) };
  }

  #width(): number {
    return this.#random.weighted({ '1': 1, '2': 4, '3': 3, '4': 1 }) === '1' ? 1 : this.#random.between(2, 4);
  }

  #pairs(): Value[] {
    return this.#items(() => [this.#random.between(0, 6), this.#random.between(0, 6)]);
  }

  /** One of them fails, now and then. */
  #items(make: () => Value): Value[] {
    const items = this.#random.times(this.#random.between(1, 5), make);
    if (this.#hazards && this.#random.chance(0.15)) items.push(typeof items[0] === 'number' ? 13 : [13, 0]);
    return items;
  }

  #args(count: number): number[] {
    return this.#random.times(count, () => this.#random.between(0, 20));
  }

  #mark(): string {
    this.#marks += 1;
    return `${this.#seed}.${this.#marks}`;
  }
}
