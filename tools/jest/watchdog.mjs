// Names what hangs. Jest's time-out ends a test that waits for ever, but it can't interrupt a loop that blocks its
// worker, nor end a process that something keeps alive after the last test.

const EXIT_GRACE_MS = 5000;

export default class Watchdog {
  #limitMs;
  #running = new Map();
  #alarm;

  constructor({ testTimeout = 5000 }) {
    this.#limitMs = testTimeout * 2;
  }

  onRunStart() {
    this.#alarm = setInterval(() => this.#bark(), 1000).unref();
  }

  onTestFileStart({ path }) {
    this.#note(path, 'its imports');
  }

  onTestCaseStart({ path }, { fullName }) {
    this.#note(path, `"${fullName}"`);
  }

  onTestCaseResult({ path }, { fullName }) {
    this.#note(path, `what follows "${fullName}"`);
  }

  onTestFileResult({ path }) {
    this.#running.delete(path);
  }

  /** An unreferenced timer: in a process that can end, it never fires. */
  onRunComplete() {
    clearInterval(this.#alarm);
    setTimeout(() => {
      console.error(
        `Jest can't end, something is still open: ${process.getActiveResourcesInfo().join(', ')}`,
      );
      process.exit(1);
    }, EXIT_GRACE_MS).unref();
  }

  #note(path, what) {
    this.#running.set(path, { what, since: performance.now(), told: false });
  }

  #bark() {
    for (const [path, entry] of this.#running) {
      const runsMs = performance.now() - entry.since;
      if (entry.told || runsMs < this.#limitMs) continue;
      entry.told = true;
      console.error(`Still at it after ${Math.round(runsMs / 1000)} s: ${entry.what} in ${path}`);
    }
  }
}
