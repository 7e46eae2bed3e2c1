import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningNode } from './events.ts';
import { dropStalePidFile } from './pid-file.ts';
import { isWorkerOf } from './roll-call.ts';

export interface Watch {
  /** @default no end */
  readonly timeoutMs?: number | undefined;
  readonly abort?: AbortSignal | undefined;
  /** One is gone, these are left. */
  readonly onGone?: (one: RunningNode, left: readonly RunningNode[]) => void;
  /** A second has passed. */
  readonly onTick?: () => void;
  readonly onGivingUp?: (left: readonly RunningNode[], afterMs: number) => void;
}

const LOOK_EVERY_MS = 100;
const TICK_EVERY_MS = 1000;

/** Looks until all are gone, or time is up; resolves with those that are not. The pid files of those that are gone go too. */
export async function untilGone(
  running: readonly RunningNode[],
  watch: Watch,
): Promise<readonly RunningNode[]> {
  const beganMs = performance.now();
  let tickMs = beganMs;
  let left = running;
  for (;;) {
    left = look(left, watch);
    if (left.length === 0) return left;
    const nowMs = performance.now();
    if (watch.abort?.aborted || nowMs - beganMs >= (watch.timeoutMs ?? Infinity)) {
      watch.onGivingUp?.(left, nowMs - beganMs);
      return left;
    }
    if (nowMs - tickMs >= TICK_EVERY_MS) {
      tickMs = nowMs;
      watch.onTick?.();
    }
    await sleep(LOOK_EVERY_MS);
  }
}

function look(running: readonly RunningNode[], { onGone }: Watch): readonly RunningNode[] {
  let left = running;
  for (const one of running.filter(({ node, pid }) => !isWorkerOf(node, pid))) {
    left = left.filter((other) => other !== one);
    dropStalePidFile(one.node.pidFile, one.node.name);
    onGone?.(one, left);
  }
  return left;
}
