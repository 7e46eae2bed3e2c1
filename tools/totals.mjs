// What a run of ci.mjs adds up to.

export class Totals {
  #passed = 0;
  #skipped = 0;
  /** What each failure is called. */
  #failures = [];

  add(name, ok) {
    if (ok) this.#passed += 1;
    else this.#failures.push(name);
  }

  /** `report` is what `jest --json` wrote; `ok` whether Jest itself was content. */
  addTests(report, ok) {
    if (report === undefined) return this.add('tests: no report', false);
    const files = report.testResults;
    const failed = files.flatMap(({ assertionResults }) =>
      assertionResults.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName),
    );
    // A file may fail by itself: it doesn't load, a hook throws, something is left running.
    const broken = files
      .filter(({ status, assertionResults }) => status === 'failed' && !assertionResults.some(hasFailed))
      .map(({ name }) => name);
    this.#failures.push(...failed, ...broken);
    this.#passed += report.numPassedTests;
    this.#skipped += report.numPendingTests + report.numTodoTests;
    if (report.numPassedTests + failed.length === 0) this.add('tests: there are none', false);
    else if (!ok && failed.length + broken.length === 0) this.add('tests: the run', false);
  }

  /** Prints the failures and, as the last line, the total; returns the exit code. */
  print() {
    if (this.#failures.length > 0)
      console.log(`\nFailed:\n${this.#failures.map((name) => `  ${name}\n`).join('')}`);
    const skipped = this.#skipped > 0 ? `, ${this.#skipped} skipped` : '';
    console.log(`${this.#passed} passed, ${this.#failures.length} failed${skipped}`);
    return this.#failures.length === 0 && this.#passed > 0 ? 0 : 1;
  }
}

const hasFailed = ({ status }) => status === 'failed';
