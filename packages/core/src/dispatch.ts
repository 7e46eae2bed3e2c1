import type { App } from './app.ts';
import { groupsOf } from './group-result.ts';
import type { Plan } from './types/canvas.ts';

/**
 * Sends what a plan says. Everything is put into bytes before the first message goes out, so what can't travel, or is too
 * large, leaves no half of a work-flow behind; chords know their sizes before their members can end.
 * @throws ImproperlyConfigured where the result backend can't count chords, before anything is sent
 */
export async function dispatch(app: App, plan: Plan): Promise<void> {
  const groups = plan.usesChords ? await groupsOf(app) : undefined;
  const prepared = plan.calls.map((call) => app.prepare(call.task, call.args, call.options));
  await Promise.all([
    ...plan.chords.map(({ groupId, size }) => groups?.setChordSize(groupId, size)),
    app.expectLater(plan.later),
  ]);
  await Promise.all(prepared.map((call) => app.publish(call)));
}
