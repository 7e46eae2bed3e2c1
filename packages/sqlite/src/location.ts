import { mkdirSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ImproperlyConfigured } from '@tq/core';
import { camelCase, didYouMean, durationMs, toError } from '@tq/core/internal';

/** Where the file is and how it is used. */
export interface Location {
  readonly file: string;
  readonly driver: string;
  readonly synchronous: 'normal' | 'full';
  readonly maxBytes: number | undefined;
  /** How long requests wait while another program keeps the file locked. Milliseconds. */
  readonly busyMs: number;
  /** How long a message that was taken stays with its holder without a word from it. Milliseconds. */
  readonly leaseMs: number;
}

const EXAMPLE = 'sqlite:///var/lib/tq/queue.db';
const DEFAULT_FILE = join('.tq', 'queue.db');
const OPTIONS = [
  'synchronous',
  'visibility_timeout',
  'busy_timeout',
  'max_size',
  'driver',
  'chord_lease',
] as const;
type Option = (typeof OPTIONS)[number];

const UNITS: Readonly<Record<string, number>> = { '': 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 };

/**
 * Reads `sqlite:///abs/path.db?synchronous=full`. What the URL says goes before `options`, in which others may find
 * theirs as well, so unknown ones are only refused in the URL.
 */
export function locate(url: URL, options: Readonly<Record<string, unknown>>): Location {
  for (const name of url.searchParams.keys()) refuseUnknown(name);
  const given = (name: Option): unknown =>
    url.searchParams.get(name) ??
    url.searchParams.get(camelCase(name)) ??
    options[name] ??
    options[camelCase(name)];
  return {
    file: fileOf(url),
    driver: textOf(given('driver')) ?? 'libsql',
    synchronous: synchronousOf(given('synchronous')),
    maxBytes: bytesOf(given('max_size')),
    busyMs: periodOf(given('busy_timeout'), 'busy_timeout') ?? 15_000,
    leaseMs: periodOf(given('visibility_timeout'), 'visibility_timeout') ?? 10_000,
  };
}

/** A URL with its file, also where it names none; makes no folder. */
export function placeOf(url: URL): string {
  const isNamed = url.host !== '' || url.pathname.length > 1;
  return isNamed ? url.href : `sqlite://${realFile(resolve(DEFAULT_FILE))}${url.search}`;
}

function fileOf(url: URL): string {
  if (url.host !== '' || (url.pathname !== '' && !url.pathname.startsWith('/')))
    throw new ImproperlyConfigured(
      `${url.href} does not name a file: write three slashes and the absolute path, as in ${EXAMPLE}, or sqlite:// for ${DEFAULT_FILE} in the working directory.`,
    );
  if (url.pathname.includes(':memory:'))
    throw new ImproperlyConfigured(
      'A queue in memory is of no use to other processes. Use memory:// for one process.',
    );
  if (url.pathname === '' || url.pathname === '/') return defaultFile();
  return realFile(fileURLToPath(new URL(`file://${url.pathname}`)));
}

function defaultFile(): string {
  const file = resolve(DEFAULT_FILE);
  try {
    mkdirSync(dirname(file), { recursive: true });
  } catch (error) {
    const obstacle = `The folder ${dirname(file)} can't be created: ${toError(error).message}.`;
    throw new Error(`${obstacle} Give this user write access here, or name a file, as in ${EXAMPLE}.`, {
      cause: error,
    });
  }
  return realFile(file);
}

/** One name for one file, so that its connections find each other. A missing folder is told of when it is opened. */
function realFile(file: string): string {
  try {
    return join(realpathSync(dirname(file)), basename(file));
  } catch {
    return file;
  }
}

function synchronousOf(value: unknown): 'normal' | 'full' {
  if (value === undefined || value === 'normal') return 'normal';
  if (value === 'full') return 'full';
  throw new ImproperlyConfigured(`synchronous must be "normal" or "full", not ${JSON.stringify(value)}.`);
}

function periodOf(value: unknown, name: Option): number | undefined {
  if (value === undefined) return undefined;
  const ms = durationMs(value as string | number, name);
  if (ms > 0) return ms;
  throw new ImproperlyConfigured(`${name} must be longer than nothing.`);
}

function bytesOf(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const match = /^(\d+)\s*(kb|mb|gb)?$/i.exec(
    typeof value === 'number' ? String(value) : (textOf(value) ?? ''),
  );
  if (!match)
    throw new ImproperlyConfigured(
      `max_size must be a number of bytes or a text such as "64mb", not ${JSON.stringify(value)}.`,
    );
  return Number(match[1]) * (UNITS[(match[2] ?? '').toLowerCase()] as number);
}

function refuseUnknown(name: string): void {
  const known = OPTIONS.flatMap((each) => [each, camelCase(each)]);
  if (known.includes(name)) return;
  const near = didYouMean(name, known);
  throw new ImproperlyConfigured(
    `sqlite:// has no option "${name}"${near ? `; did you mean "${near}"?` : ''}. It knows ${OPTIONS.join(', ')}.`,
  );
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
