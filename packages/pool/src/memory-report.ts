import { isMainThread } from 'node:worker_threads';
import { getHeapStatistics } from 'node:v8';

/** Under load memory is looked at no more often than this. */
const EVERY_MS = 50;

/** Tells how much memory this host uses: after a batch of jobs, and now and then in a long one. */
export class MemoryReport {
  readonly #say: (bytes: number) => void;
  #lastMs = -Infinity;

  constructor(say: (bytes: number) => void) {
    this.#say = say;
  }

  jobFinished(idle: boolean): void {
    const now = performance.now();
    if (!idle && now - this.#lastMs < EVERY_MS) return;
    this.#lastMs = now;
    this.#say(isMainThread ? process.memoryUsage.rss() : threadMemory());
  }
}

/** Resident memory belongs to the whole process; a thread has its heap, and the buffers that hang on it. */
function threadMemory(): number {
  const heap = getHeapStatistics();
  return heap.total_physical_size + heap.external_memory;
}
