// Who may import whom: section 3 of docs/architecture.md as data, packages that are still to come included.
// A new package starts here.

/** Any package of the repository but the private ones. */
export const ANYTHING = Symbol('anything');

/** Package → the packages its sources may import. `testkit` is for tests alone: it belongs into devDependencies. */
export const MAY_IMPORT = {
  core: [],

  canvas: ['core'],
  virtual: ['core'],
  pool: ['core'],
  events: ['core'],
  control: ['core'],
  beat: ['core'],
  'broker-amqp': ['core'],
  'backend-rpc': ['core'],
  'backend-redis': ['core'],

  'broker-redis': ['core', 'virtual'],
  sqlite: ['core', 'virtual'],
  memory: ['core', 'virtual'],
  monitor: ['core', 'events', 'control'],

  worker: ['core', 'canvas', 'pool', 'events', 'control'],

  multi: ['core'],
  cli: ANYTHING,

  testkit: ['core', 'virtual'],
};

/** Never published, never a dependency: devDependencies only. */
export const PRIVATE = ['testkit'];

/** Clients and bindings belong to their drivers, and what makes a start slow to the program. */
export const ONLY_IN = {
  amqplib: ['broker-amqp'],
  ioredis: ['broker-redis', 'backend-redis'],
  libsql: ['sqlite'],
  yaml: ['core'],
  winston: ['cli'],
  yargs: ['cli'],
  zod: ['cli'],
};

export function mayImport(from, to) {
  const allowed = MAY_IMPORT[from];
  if (allowed === ANYTHING) return to !== from && to in MAY_IMPORT && !PRIVATE.includes(to);
  return allowed?.includes(to) ?? false;
}
