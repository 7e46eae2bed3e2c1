import { EncodeError, ImproperlyConfigured } from '@tq/core';
import type { Abandoned, App, FinishedTask, Plan, ResultTuple, SignatureData, TaskRequest } from '@tq/core';
import { dispatch, takesFailure } from '@tq/core/internal';

/** Sends what outcomes set off, as canvas has planned it. */
export class FollowUps {
  readonly #app: App;

  constructor(app: App) {
    this.#app = app;
  }

  /** Sends everything, in batches; gives references to what will come out. */
  async send(plan: Plan): Promise<readonly ResultTuple[]> {
    await dispatch(this.#app, plan);
    return plan.results;
  }

  /** A task as what it sets off sees it. */
  finished(request: TaskRequest): FinishedTask {
    const { id, task, rootId, parentId, retries, argsrepr, kwargsrepr, priority, replyTo } = request;
    return {
      id,
      rootId,
      priority,
      replyTo,
      inheritPriority: this.#app.config.taskInheritParentPriority,
      request: { id, task, rootId, parentId, retries, argsrepr, kwargsrepr },
    };
  }

  /** A call that will never run, as its error links see it. */
  never({ id, task }: Pick<Abandoned, 'id' | 'task'>, because: TaskRequest): FinishedTask {
    const { rootId, id: parentId } = because;
    const request = { id, task, rootId, parentId, retries: 0, argsrepr: '()', kwargsrepr: '{}' };
    return { ...this.finished(because), id, request };
  }

  /** Whether an error link is one of this app's that takes the failure itself. */
  readonly isTold = (errback: SignatureData): boolean => {
    const definition = this.#app.tasks.get(errback.task)?.definition;
    return definition !== undefined && takesFailure(definition, errback);
  };
}

/** Whether something can never be sent: trying again would not help. */
export function isHopeless(error: unknown): error is EncodeError | ImproperlyConfigured {
  return error instanceof EncodeError || error instanceof ImproperlyConfigured;
}
