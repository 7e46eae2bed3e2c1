import { AsyncResult, GroupResult } from '@tq/core';
import type { ResultHandle } from '@tq/core';
import { isDeepStrictEqual } from 'node:util';
import type { Builder } from './build.ts';
import { callsOf } from './flow.ts';
import type { Canvas } from './flow.ts';
import type { Expected, Result } from './foretell.ts';

/** What is found where something else was foretold. */
export interface Difference {
  readonly where: string;
  readonly found: unknown;
  readonly foretold: unknown;
}

/** Sends a work-flow, waits for everything in it that a client knows, and tells what is not as foretold. */
export async function differences(
  builder: Builder,
  canvas: Canvas,
  expected: Expected,
  boundMs: number,
): Promise<readonly Difference[]> {
  const found: Difference[] = [];
  try {
    const end = Date.now() + boundMs;
    const handle = (await builder.build(canvas.flow).delay(...canvas.front)) as ResultHandle;
    await look(handle, expected, { where: 'result', end, found });
  } catch (error) {
    found.push({ where: 'sending', found: String(error), foretold: 'no error' });
  }
  return found;
}

interface Look {
  readonly where: string;
  readonly end: number;
  readonly found: Difference[];
}

/** The result first, as a client would; then all that led to it. */
async function look(handle: ResultHandle, expected: Expected, { where, end, found }: Look): Promise<void> {
  const { result, state, members, before, isIgnored, isRevoked } = expected;
  const differs = (place: string, is: unknown, foretold: unknown): void => {
    if (!isDeepStrictEqual(is, foretold)) found.push({ where: `${where}${place}`, found: is, foretold });
  };
  if (!isOpen(expected)) differs('', await resultOf(handle, end), result);
  if (isRevoked && !isIgnored) {
    const either = await resultOf(handle, end);
    differs('', either, isDeepStrictEqual(either, REVOKED) ? REVOKED : result);
  } else if (state && !isIgnored)
    differs(' state', handle instanceof AsyncResult ? await handle.state() : 'a group', state);
  if (members) {
    const results = handle instanceof GroupResult ? handle.results : [];
    differs(' members', results.length, members.length);
    for (const [index, member] of members.entries()) {
      const each = results[index] as ResultHandle | undefined;
      if (each) await look(each, member, { where: `${where}[${index}]`, end, found });
    }
  }
  differs(' parent', handle.parent !== undefined, before !== undefined);
  if (before && handle.parent) await look(handle.parent, before, { where: `${where} <`, end, found });
}

const REVOKED: Result = { error: 'TaskRevokedError' };

/** Whether something in a result isn't certain. */
function isOpen({ isIgnored, isRevoked, members = [] }: Expected): boolean {
  return isIgnored === true || isRevoked === true || members.some(isOpen);
}

/** What is there is found even when the time is over. */
const LEAST_MS = 5000;

async function resultOf(handle: ResultHandle, end: number): Promise<unknown> {
  const timeout = Math.max(LEAST_MS, end - Date.now()) / 1000;
  try {
    return plain(await handle.get({ timeout, propagate: false } as never));
  } catch (error) {
    return `no result: ${(error as Error).name}`;
  }
}

/** Errors by their names. */
function plain(value: unknown): Result {
  if (value instanceof Error) return { error: value.name };
  return Array.isArray(value) ? value.map(plain) : (value as Result);
}

/** Ids that are to be revoked before a work-flow is sent. */
export function revokedIds(canvas: Canvas): readonly string[] {
  return [...callsOf(canvas.flow)].flatMap(({ revoked }) => (revoked === undefined ? [] : [revoked]));
}
