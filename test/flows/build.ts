import { chain, chord, chunks, group, map, starmap } from '@tq/canvas';
import type { AnySignature, App, Task } from '@tq/core';
import type { Call, ErrorLink, Flow, Value } from './flow.ts';

/** Builds work-flows as a user of tq does. */
export class Builder {
  readonly #app: App;
  readonly #twice: Task<[Value], Value>;
  readonly #plus: Task<[Value, Value], Value>;

  /** `app` sends only: the tasks themselves are in the workers. */
  constructor(app: App) {
    this.#app = app;
    this.#twice = app.task('flows.twice', (_x: Value): Value => null);
    this.#plus = app.task('flows.plus', (_x: Value, _y: Value): Value => null);
  }

  build(flow: Flow): AnySignature {
    const linked = (flow.links ?? []).reduce(
      (each: AnySignature, link) => each.link(this.build(link)),
      this.#bare(flow),
    );
    return (flow.errors ?? []).reduce(
      (each: AnySignature, link) => each.linkError(this.#errorLink(link)),
      linked,
    );
  }

  #bare(flow: Flow): AnySignature {
    switch (flow.kind) {
      case 'call':
        return this.#call(flow);
      case 'chain': {
        const steps = flow.steps.map((step) => this.build(step));
        return flow.piped ? steps.reduce((left, right) => left.pipe(right)) : chain(steps);
      }
      case 'group':
        return group(flow.members.map((member) => this.build(member)));
      case 'chord':
        return chord(
          flow.header.map((member) => this.build(member)),
          this.build(flow.body),
        );
      case 'map':
        return map(this.#twice, flow.items);
      case 'starmap':
        return starmap(this.#plus, flow.items as readonly [Value, Value][]);
      case 'chunks':
        return chunks(this.#plus, flow.items as readonly [Value, Value][], flow.n);
    }
  }

  #call({ task, args, mark, times, by, more, ...call }: Call): AnySignature {
    const kwargs = {
      mark,
      ...(times === undefined ? {} : { times }),
      ...(by ? { by: this.build(by).toJSON() } : {}),
      ...(more ? { more: this.build(more).toJSON() } : {}),
    };
    const signature = this.#app.signatureFrom({ task: `flows.${task}`, args, kwargs }).set({
      ...(call.countdown === undefined ? {} : { countdown: call.countdown }),
      ...(call.expired ? { expires: new Date(Date.now() - 60_000) } : {}),
      ...(call.revoked === undefined ? {} : { taskId: call.revoked }),
      ...(call.ignoreResult ? { ignoreResult: true } : {}),
      ...(task === 'slow' ? { timeLimit: 0.3 } : {}),
    });
    return call.immutable ? signature.immutable() : signature;
  }

  #errorLink({ mark, told }: ErrorLink): AnySignature {
    return this.#app.signatureFrom({ task: told ? 'flows.told' : 'flows.heard', kwargs: { mark } });
  }
}
