import { expect, test } from '@jest/globals';
import { eventually } from '@tq/testkit';
import { JobLoop } from '../src/job-loop.ts';
import type { ChildMessage } from '../src/wire.ts';

interface Stage {
  readonly loop: JobLoop;
  /** Permissions that wait at the gate. */
  readonly gate: number[];
  readonly said: string[];
  readonly begun: unknown[];
}

/** A loop of one slot whose jobs succeed at once. */
function stage(): Stage {
  const gate: number[] = [];
  const said: string[] = [];
  const begun: unknown[] = [];
  const say = (message: ChildMessage): void => {
    said.push('seq' in message ? `${message.kind} ${message.seq}` : message.kind);
  };
  const loop = new JobLoop({
    handler: async (payload) => {
      begun.push(payload);
      said.push(`begun ${String(payload)}`);
      return { kind: 'rejected', requeue: false, reason: 'over' };
    },
    turnstile: { pass: () => gate.shift() },
    slots: 1,
    speaker: { say, note: say, flush: () => undefined },
  });
  return { loop, gate, said, begun };
}

const jobs = (...seqs: number[]) =>
  ({ kind: 'jobs', jobs: seqs.map((seq) => ({ seq, payload: seq })) }) as const;

test('a permission whose job is still on its way is told, and again when the job starts', async () => {
  const { loop, gate, said, begun } = stage();
  gate.push(0);
  loop.hear(jobs(0, 1, 2));
  // 1 and 2 were taken back meanwhile; 3 may start and is a large one.
  gate.push(3);
  await eventually(() => said.includes('awaited 3'));
  loop.hear(jobs(3));
  await eventually(() => said.includes('done 3'));
  expect(said).toEqual(['begun 0', 'done 0', 'awaited 3', 'accepted 3', 'begun 3', 'done 3']);
  expect(begun).toEqual([0, 3]);
});

test('jobs that were taken back are dropped without a word', async () => {
  const { loop, gate, said } = stage();
  gate.push(0);
  loop.hear(jobs(0, 1, 2, 3));
  gate.push(3);
  await eventually(() => said.includes('done 3'));
  expect(said).toEqual(['begun 0', 'done 0', 'begun 3', 'done 3']);
});

test('a gap is passed, and told', async () => {
  const { loop, gate, said } = stage();
  gate.push(0, 1);
  loop.hear({ kind: 'jobs', jobs: [{ seq: 0, payload: null, skip: true }] });
  loop.hear(jobs(1));
  await eventually(() => said.includes('done 1'));
  expect(said).toEqual(['skipped 0', 'begun 1', 'done 1']);
});
