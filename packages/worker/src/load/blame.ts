import { relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toError } from '@tq/core/internal';

const PLACE = /((?:file:\/\/\/|\/|[A-Za-z]:\\)[^\s():]*\.[cm]?[jt]sx?):(\d+)(?::(\d+))?/g;

/** Where in the user's files an import failed, as `proj/tasks.ts:3:7`; undefined when the error doesn't tell. */
export function placeOf(error: unknown, workdir: string): string | undefined {
  const { message, stack = '' } = toError(error);
  const places = [...`${stack}\n${message}`.matchAll(PLACE)]
    .map(([, file = '', line, column]) => ({
      file: plainPath(file),
      at: column === undefined ? line : `${line}:${column}`,
    }))
    .filter(({ file }) => !isMachinery(file));
  const place = places.find(({ file }) => !file.includes(`${sep}node_modules${sep}`)) ?? places[0];
  return place && `${shortPath(place.file, workdir)}:${place.at}`;
}

/** A path as the user would type it. */
export function shortPath(file: string, workdir: string): string {
  const path = relative(workdir, file);
  return path.startsWith('..') ? file : path;
}

function plainPath(file: string): string {
  return file.startsWith('file:') ? fileURLToPath(file) : file;
}

/** This loader and what it loads TypeScript with. */
function isMachinery(file: string): boolean {
  return file.startsWith(import.meta.dirname + sep) || file.includes(`${sep}node_modules${sep}jiti${sep}`);
}
