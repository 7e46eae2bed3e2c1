// Where the programs of the test servers are; as root on Debian they are installed when they are missing.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** What each service needs: a program, where it may lie, its Debian package, the variable that does without it. */
const NEEDED = {
  redis: {
    program: 'redis-server',
    folders: [],
    debian: 'redis-server',
    variable: 'TQ_TEST_REDIS_URL',
  },
  rabbitmq: {
    program: 'rabbitmq-server',
    // Debian's own in /usr/sbin changes user and folder: the one that RabbitMQ ships is wanted.
    folders: [
      '/usr/lib/rabbitmq/bin',
      '/opt/homebrew/opt/rabbitmq/sbin',
      '/usr/local/opt/rabbitmq/sbin',
      '/opt/rabbitmq/sbin',
    ],
    debian: 'rabbitmq-server',
    variable: 'TQ_TEST_AMQP_URL',
  },
};

const POLICY = '/usr/sbin/policy-rc.d';

/** The file of a service's program. */
export function programOf(service) {
  const found = find(service);
  if (found !== undefined) return found;
  const { program, debian, variable } = NEEDED[service];
  if (mayInstall()) installPackages(debian);
  const installed = find(service);
  if (installed !== undefined) return installed;
  throw new Error(
    `The tests need ${program}, which isn't here: install it (on Debian: apt-get install ${debian}), or name a running server in ${variable}.`,
  );
}

/** Another program that comes with a service, such as rabbitmqctl; undefined when it isn't there. */
export function beside(file, name) {
  const sibling = join(file, '..', name);
  return isRunnable(sibling) ? sibling : onPath(name, []);
}

function find(service) {
  const { program, folders } = NEEDED[service];
  return onPath(program, folders);
}

export function onPath(program, folders) {
  const path = (process.env.PATH ?? '').split(delimiter);
  return [...folders, ...path].map((folder) => join(folder, program)).find(isRunnable);
}

function isRunnable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Whether programs may be installed here: as root on Debian. */
export function mayInstall() {
  return process.getuid?.() === 0 && existsSync('/etc/debian_version') && onPath('apt-get', []) !== undefined;
}

/** Installs without starting: a package's service would take the usual port and outlive the tests. */
export function installPackages(...names) {
  const isOurs = !existsSync(POLICY);
  if (isOurs) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const run = (...args) => spawnSync('apt-get', args, { env, stdio: 'ignore', timeout: 300_000 });
    run('update');
    run('install', '-y', '--no-install-recommends', ...names);
  } finally {
    if (isOurs) rmSync(POLICY);
  }
}
