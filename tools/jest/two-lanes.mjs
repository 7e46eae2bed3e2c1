// Jest's runner for tests whose files start several processes each: one file at a time of those that share the servers of the
// run, and beside them one at a time of those that have all to themselves.
import { readFileSync } from 'node:fs';
import TestRunner from 'jest-runner';

export default class TwoLanes extends TestRunner {
  constructor(globalConfig, context) {
    super({ ...globalConfig, maxWorkers: 1 }, context);
  }

  async runTests(tests, watcher, options) {
    const shared = tests.filter(({ path }) => sharesServers(path));
    const alone = tests.filter(({ path }) => !sharesServers(path));
    // In one process, as for a debugger, there's one lane.
    if (options.serial || shared.length === 0 || alone.length === 0)
      return super.runTests(tests, watcher, options);
    await Promise.all([shared, alone].map((lane) => super.runTests(lane, watcher, options)));
  }
}

/** Whoever asks for the address of a server shares it; so do the tests with Celery. */
function sharesServers(path) {
  return path.includes('/interop/') || readFileSync(path, 'utf8').includes('serviceUrl');
}
