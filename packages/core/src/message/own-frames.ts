import { dirname, sep } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Where packages of tq are: beside this one, and in any node_modules. */
const INSTALLED = /[\\/]node_modules[\\/]@tq[\\/]/;
const SOURCES = siblings();

/**
 * A stack without the frames of tq and of Node below the user's function: how tq came to call it says nothing about what went wrong.
 * Without a frame of the user's it stays whole, and so does every stack with TQ_DEBUG.
 */
export function withoutCallers(stack: string): string {
  return trimmed(stack, (lines, isUsers) => {
    const last = lines.findLastIndex(isUsers);
    const after = lines.findLastIndex(isFrame) + 1;
    return [...lines.slice(0, last + 1), ...lines.slice(after)];
  });
}

/** A stack that begins at the user's call into tq. */
export function fromCaller(stack: string): string {
  return trimmed(stack, (lines, isUsers) => [
    ...lines.slice(0, lines.findIndex(isFrame)),
    ...lines.slice(lines.findIndex(isUsers)),
  ]);
}

function trimmed(
  stack: string,
  trim: (lines: readonly string[], isUsers: (line: string) => boolean) => readonly string[],
): string {
  if (process.env['TQ_DEBUG']) return stack;
  const lines = stack.split('\n');
  return lines.some(isUsersFrame) ? trim(lines, isUsersFrame).join('\n') : stack;
}

function isFrame(line: string): boolean {
  return /^\s+at /.test(line);
}

function isUsersFrame(line: string): boolean {
  return isFrame(line) && !isOwn(line) && !/\bnode:|\(native\)|<anonymous>\)?$/.test(line);
}

function isOwn(line: string): boolean {
  return INSTALLED.test(line) || SOURCES.some((source) => source.test(line));
}

/** `…/packages/<name>/src/` and `dist`, as a path and as a URL; of an installed package that is below node_modules anyway. */
function siblings(): readonly RegExp[] {
  const folder = dirname(dirname(dirname(import.meta.dirname)));
  return [folder + sep, `${pathToFileURL(folder).href}/`].map(
    (start) =>
      new RegExp(`${start.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}[^\\\\/]+[\\\\/](?:src|dist)[\\\\/]`),
  );
}
