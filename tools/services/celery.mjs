// A Python with Celery: the newest 5.x in a virtual environment of its own where pip can get it, else Debian's package.
// Whoever names a Python in TQ_TEST_PYTHON is believed.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { installPackages, mayInstall, onPath } from './binaries.mjs';

export const VARIABLE = 'TQ_TEST_PYTHON';

/** In the user's cache, so that a fresh clone finds what an older one has installed. */
const VENV = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'tq-tests', 'celery-5');
const WANTED = 'celery[redis,auth,msgpack,yaml]>=5,<6';
const PIP_LIMIT_MS = 180_000;

/** What a Python says of the Celery it has; undefined without one. */
function celeryOf(python) {
  const program = 'import celery, redis, kombu; print(celery.__version__, kombu.__version__)';
  const { status, stdout } = spawnSync(python, ['-c', program], { encoding: 'utf8', timeout: 30_000 });
  if (status !== 0) return undefined;
  const [celery, kombu] = stdout.trim().split(' ');
  return { python, celery, kombu };
}

/** `TQ_TEST_CELERY=debian` leaves out pip, as where PyPI can't be reached. */
export function findCelery() {
  const named = process.env[VARIABLE];
  if (named) return celeryOf(named);
  const newest = process.env.TQ_TEST_CELERY === 'debian' ? undefined : fromPip();
  return newest ?? fromDebian();
}

function fromPip() {
  const python = join(VENV, 'bin', 'python');
  if (existsSync(python)) {
    const found = celeryOf(python);
    if (found) return found;
    rmSync(VENV, { recursive: true, force: true });
  }
  const system = onPath('python3', []);
  if (system === undefined) return undefined;
  mkdirSync(join(VENV, '..'), { recursive: true });
  const run = (file, ...args) =>
    spawnSync(file, args, { stdio: 'ignore', timeout: PIP_LIMIT_MS }).status === 0;
  const quick = ['--quiet', '--disable-pip-version-check', '--retries', '1', '--timeout', '10'];
  const isDone = run(system, '-m', 'venv', VENV) && run(python, '-m', 'pip', 'install', ...quick, WANTED);
  if (!isDone) rmSync(VENV, { recursive: true, force: true });
  return isDone ? celeryOf(python) : undefined;
}

function fromDebian() {
  const python = '/usr/bin/python3';
  if (!existsSync(python) && !mayInstall()) return undefined;
  const found = existsSync(python) ? celeryOf(python) : undefined;
  if (found || !mayInstall()) return found;
  installPackages('celery', 'python3-redis', 'python3-cryptography', 'python3-msgpack', 'python3-yaml');
  return celeryOf(python);
}
