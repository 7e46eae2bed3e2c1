// Native ESM on the sources through SWC; `npm test` runs it. Unit and contract tests need no build, e2e tests do.
import { existsSync, readdirSync } from 'node:fs';

const root = import.meta.dirname;

const swc = {
  jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
  module: { type: 'es6' },
  sourceMaps: 'inline',
};

/** The servers that a project's tests talk to; Jest starts those of the projects it runs, once. */
const services = {
  'broker-amqp': 'rabbitmq',
  'backend-rpc': 'rabbitmq',
  'broker-redis': 'redis',
  events: 'both',
  'backend-redis': 'redis',
  e2e: 'both',
  interop: 'interop',
};

const project = (displayName, folder) => ({
  displayName,
  rootDir: `${root}/${folder}`,
  ...(services[displayName] && {
    globalSetup: `${root}/tools/services/setup-${services[displayName]}.mjs`,
    globalTeardown: `${root}/tools/services/teardown.mjs`,
  }),
  // Fails a file that leaves something running.
  testEnvironment: `${root}/tools/jest/environment.mjs`,
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', swc] },
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '/dist-test/', '/fixtures/'],
  slowTestThreshold: 3,
});

/** Runs the sources, those of the siblings too. */
const onSources = (displayName, folder) => ({
  ...project(displayName, folder),
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/dist-test/'],
  moduleNameMapper: {
    '^@tq/([^/]+)$': `${root}/packages/$1/src/index.ts`,
    '^@tq/([^/]+)/([^/]+)$': `${root}/packages/$1/src/$2.ts`,
  },
});

const packages = readdirSync(`${root}/packages`).filter((name) =>
  existsSync(`${root}/packages/${name}/test`),
);

export default {
  maxWorkers: 2,
  testTimeout: 30_000,
  reporters: ['default', `${root}/tools/jest/watchdog.mjs`],
  projects: [
    ...packages.map((name) => ({
      ...onSources(name, `packages/${name}`),
      testMatch: ['<rootDir>/test/**/*.test.ts'],
    })),
    { ...onSources('wire', 'test/wire'), testMatch: ['<rootDir>/**/*.test.ts'] },
    // Built output and real child processes, several to a file.
    {
      ...project('e2e', 'test/e2e'),
      testMatch: ['<rootDir>/**/*.test.ts'],
      runner: `${root}/tools/jest/two-lanes.mjs`,
      slowTestThreshold: 20,
    },
    // With a real Python Celery at the other end.
    {
      ...project('interop', 'test/interop'),
      testMatch: ['<rootDir>/**/*.test.ts'],
      runner: `${root}/tools/jest/two-lanes.mjs`,
      slowTestThreshold: 20,
    },
  ].filter(({ rootDir }) => existsSync(rootDir)),
};
