// Jest's runner with a single worker: for tests whose files start several processes each.
import TestRunner from 'jest-runner';

export default class OneAtATime extends TestRunner {
  constructor(globalConfig, context) {
    super({ ...globalConfig, maxWorkers: 1 }, context);
  }
}
