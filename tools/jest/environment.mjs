// The Node environment, and a watch on what a test file leaves behind: a socket, a timer, a child or a thread that
// would still keep the process alive a second after the last hook fails the file, by name. `--detectOpenHandles` finds
// the same at several times the cost, and only when asked.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { TestEnvironment } from 'jest-environment-node';

const GRACE_MS = 1000;
const STEP_MS = 20;

endWithParent();

export default class extends TestEnvironment {
  #before;
  #timers = [];
  #threads = new Set();
  #onThread = ({ worker }) => this.#threads.add(worker);

  async setup() {
    await super.setup();
    for (const name of ['setTimeout', 'setInterval']) this.#watchTimers(name);
    subscribe('worker_threads', this.#onThread);
    // Opened at their first use, which isn't the file's doing: a thread opens them, and any line printed.
    void [process.stdout, process.stderr];
    this.#before = handles();
  }

  async teardown() {
    unsubscribe('worker_threads', this.#onThread);
    await super.teardown();
  }

  /** Jest calls it for each event of a file; `run_finish` comes after the last `afterAll`. */
  async handleTestEvent(event, state) {
    if (event.name !== 'run_finish') return;
    const left = await this.#leftAfterGrace();
    if (left.length > 0) state.unhandledErrors.push(complaint(left));
  }

  /** Jest's own timers come and go, so only those count that the file itself has set. */
  #watchTimers(name) {
    const real = this.global[name];
    const watched = (...args) => {
      const timer = real(...args);
      if (this.#timers.length % 1000 === 999) this.#timers = this.#timers.filter(isAlive);
      this.#timers.push(timer);
      return timer;
    };
    // util.promisify(setTimeout) looks for its own form on the function.
    this.global[name] = Object.defineProperties(watched, Object.getOwnPropertyDescriptors(real));
  }

  async #leftAfterGrace() {
    for (let waitedMs = 0; ; waitedMs += STEP_MS) {
      const left = this.#left();
      if (left.length === 0 || waitedMs >= GRACE_MS) return left;
      await new Promise((resolve) => setTimeout(resolve, STEP_MS));
    }
  }

  #left() {
    const timers = this.#timers.filter(isAlive).length;
    const threads = [...this.#threads].filter(({ threadId }) => threadId !== -1).length;
    const opened = [...handles()].map(([kind, count]) => [kind, count - (this.#before.get(kind) ?? 0)]);
    return [['timer', timers], ['thread', threads], ...opened].filter(([, count]) => count > 0);
  }
}

/** A worker of Jest's would finish its file although Jest itself was killed, with all the processes it starts. */
function endWithParent() {
  if (process.send === undefined) return;
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.exit(1);
  }, 500).unref();
}

const isAlive = (timer) => !timer._destroyed && timer.hasRef();

/** What keeps the event loop alive and lasts, by kind; a file read, say, ends by itself. */
function handles() {
  const counts = new Map();
  for (const kind of process.getActiveResourcesInfo()) {
    if (/^(FSEvent|HTTP|Pipe|Process|StatWatcher|TCP|TLS|UDP)/.test(kind)) {
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
    }
  }
  return counts;
}

function complaint(left) {
  const list = left.map(([kind, count]) => `${count} × ${kind}`).join(', ');
  const message = `This file leaves something running: ${list}. Close it in the test, or in afterEach.`;
  // Where the watch noticed it would tell nobody anything.
  return Object.assign(new Error(message), { stack: message });
}
