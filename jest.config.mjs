// Native ESM on the sources through SWC; `node tools/jest.mjs` runs it. Unit and contract tests need no build.
import { existsSync, readdirSync } from 'node:fs';

const swc = {
  jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
  module: { type: 'es6' },
  sourceMaps: 'inline',
};
const root = import.meta.dirname;
const project = (displayName, folder) => ({
  displayName,
  rootDir: `${root}/${folder}`,
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', swc] },
  moduleNameMapper: {
    '^@tq/([^/]+)$': `${root}/packages/$1/src/index.ts`,
    '^@tq/([^/]+)/([^/]+)$': `${root}/packages/$1/src/$2.ts`,
  },
});

export default {
  maxWorkers: 2,
  testTimeout: 30_000,
  projects: [
    ...readdirSync(`${root}/packages`)
      .filter((name) => existsSync(`${root}/packages/${name}/test`))
      .map((name) => ({ ...project(name, `packages/${name}`), testMatch: ['<rootDir>/test/**/*.test.ts'] })),
    { ...project('wire', 'test/wire'), testMatch: ['<rootDir>/**/*.test.ts'] },
    // Built output, real child processes: no mapping to the sources.
    { ...project('e2e', 'test/e2e'), moduleNameMapper: {}, testMatch: ['<rootDir>/**/*.test.ts'] },
  ],
};
