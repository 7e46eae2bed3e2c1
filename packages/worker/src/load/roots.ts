import { basename, dirname, relative, isAbsolute, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Names of a module that stands for its folder: `-A proj` finds `proj/tq.ts`, which belongs to `proj`. */
const STAND_FOR_FOLDER = /^(?:index|tq|celery)\.[cm]?[jt]s$/;

/**
 * The folders in which names of modules are looked for: those around the app, from beside it up, then the working directory. So
 * the compiled app `dist/proj/tq.js` gets the compiled `dist/proj/tasks.js` for `proj/tasks`, not its source.
 */
export function rootsOf(app: string | undefined, workdir: string): readonly string[] {
  if (app === undefined) return [workdir];
  const file = app.startsWith('file:') ? fileURLToPath(app) : app;
  const folder = dirname(file);
  const beside = STAND_FOR_FOLDER.test(basename(file)) ? dirname(folder) : folder;
  return isBelow(beside, workdir) ? upTo(workdir, beside) : [...new Set([beside, workdir])];
}

function upTo(end: string, start: string): readonly string[] {
  return start === end ? [end] : [start, ...upTo(end, dirname(start))];
}

function isBelow(folder: string, top: string): boolean {
  const path = relative(top, folder);
  return !isAbsolute(path) && path.split(sep)[0] !== '..';
}
