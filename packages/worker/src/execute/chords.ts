import { abandoned, afterFailure, chordError, endOfChord, newMember } from '@tq/canvas';
import { ChordError, DecodeError } from '@tq/core';
import type {
  Abandoned,
  App,
  ChordEnd,
  ChordPart,
  Encoded,
  GroupStore,
  Logger,
  Plan,
  ResultTuple,
  SignatureData,
  TaskRequest,
  TaskState,
  WireError,
} from '@tq/core';
import { errorToWire, wireErrorToResult } from '@tq/core/internal';
import { isHopeless } from './follow-ups.ts';
import type { FollowUps } from './follow-ups.ts';
import type { Results } from './results.ts';

export interface ChordsParts {
  readonly app: App;
  readonly groups: GroupStore | undefined;
  readonly results: Results;
  readonly followUps: FollowUps;
  readonly logger: Logger;
  /** From then on nothing is waited for. */
  readonly impatient: AbortSignal;
}

/** While another worker sends a body, which mostly takes milliseconds. */
const LOOK_AGAIN_MS = 1000;

/** A member of a chord's header. */
export type Member = Pick<Abandoned, 'id' | 'group' | 'groupIndex'>;

/**
 * Counts the members of chords as they end, sends bodies, and gives an end to what will never run. Whoever completes a header has
 * a claim on the body until it is sent: a worker that dies before loses nothing, for its message comes again. Spec: results.md 5.
 */
export class Chords {
  readonly #parts: ChordsParts;

  constructor(parts: ChordsParts) {
    this.#parts = parts;
  }

  /** Counts a member that has ended; sends the body if it was the last. `request` is the task that ended now. */
  async count(
    member: Member,
    body: SignatureData,
    ended: { readonly state: TaskState; readonly result: Encoded },
    request: TaskRequest,
  ): Promise<void> {
    const { groups } = this.#parts;
    const { group } = member;
    if (!groups || group === null) return this.#uncounted(body, request);
    const part = { taskId: member.id, ...ended, index: member.groupIndex ?? undefined };
    const end = await this.#endAfter(groups, group, part, body, request);
    if (!end) return;
    if (end.kind === 'failed') await this.#fail(body, end.error, request);
    else await this.#run(end.plan, body, request);
    await groups.endChord(group);
  }

  /** One more member, counted before it is sent. */
  async add(request: TaskRequest, signature: SignatureData, body: SignatureData): Promise<ResultTuple> {
    const { groups, followUps } = this.#parts;
    const { group } = request;
    if (!groups || group === null) throw new ChordError("The result backend can't count chords");
    const plan = newMember(signature, body, followUps.finished(request), request);
    await groups.growChord(group, 1);
    const [result] = await followUps.send(plan);
    return result as ResultTuple;
  }

  /** Stores the failure under every id in signatures that will never run, and counts those that are members of chords. */
  async abandon(
    signatures: readonly SignatureData[],
    error: WireError,
    request: TaskRequest,
    how: { readonly state?: TaskState; readonly asHeads?: boolean } = {},
  ): Promise<void> {
    const { results, followUps } = this.#parts;
    const { state = 'FAILURE', asHeads = false } = how;
    const result = wireErrorToResult(error);
    await Promise.all(
      abandoned(signatures, { asHeads }).map(async (each) => {
        await results.storeFor(each, error, request, state);
        if (each.chord) await this.count(each, each.chord, { state, result }, request);
        if (each.errbacks.length === 0) return;
        const never = followUps.never(each, request);
        await followUps.send(afterFailure(each.errbacks, error, never, followUps.isTold));
      }),
    );
  }

  /** How the chord goes on, if this part completes its header. */
  async #endAfter(
    groups: GroupStore,
    groupId: string,
    part: ChordPart,
    body: SignatureData,
    request: TaskRequest,
  ): Promise<ChordEnd | undefined> {
    try {
      const parts = await this.#completedBy(groups, groupId, part);
      return parts && endOfChord(body, parts, this.#parts.followUps.finished(request));
    } catch (error) {
      // A part that a peer wrote in a way that nobody here can read stays that way.
      if (!(error instanceof DecodeError)) throw error;
      return { kind: 'failed', error: chordError(`Join error: ${error.message}`) };
    }
  }

  async #run(plan: Plan, body: SignatureData, request: TaskRequest): Promise<void> {
    try {
      await this.#parts.followUps.send(plan);
    } catch (error) {
      if (!isHopeless(error)) throw error;
      await this.#fail(body, chordError(`Callback error: ${error.message}`), request);
    }
  }

  /** All parts, if this one completes the header; waits while another worker has the claim, which may have died. */
  async #completedBy(
    groups: GroupStore,
    groupId: string,
    part: ChordPart,
  ): Promise<readonly ChordPart[] | undefined> {
    const { app, impatient } = this.#parts;
    for (;;) {
      const progress = await groups.addChordPart(groupId, part);
      if (progress.kind === 'waiting') return undefined;
      if (progress.kind === 'complete') return progress.parts;
      await app.clock.sleep(Math.min(progress.againMs, LOOK_AGAIN_MS), { signal: impatient });
    }
  }

  async #fail(body: SignatureData, error: WireError, request: TaskRequest): Promise<void> {
    this.#parts.logger.error(`The chord's body ${body.task} will not run: ${String(error.excMessage[0])}`);
    await this.abandon([body], error, request, { asHeads: true });
  }

  /** Whoever waits for the body is told, instead of waiting for ever. */
  async #uncounted(body: SignatureData, request: TaskRequest): Promise<void> {
    const error = new ChordError(
      `This worker's result backend can't count chords, so their body ${body.task} will not run`,
    );
    await this.#fail(body, errorToWire(error), request);
  }
}
