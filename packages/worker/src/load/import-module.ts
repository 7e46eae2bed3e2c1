import { toError } from '@tq/core/internal';
import { placeOf, shortPath } from './blame.ts';
import { ModuleFailed } from './errors.ts';
import { importFile } from './import-file.ts';
import type { ModuleExports } from './import-file.ts';

/** Imports a file that was found; what goes wrong says where. @throws ModuleFailed */
export async function importFound(file: string, what: string, workdir: string): Promise<ModuleExports> {
  try {
    return await importFile(file);
  } catch (error) {
    const place = placeOf(error, workdir);
    const message = `Can't import ${shortPath(file, workdir)} (${what}): ${describe(error)}${place ? ` at ${place}` : ''}`;
    throw new ModuleFailed(file, message, { cause: error });
  }
}

/** One line; the transpiler puts the place on another, and has its own name for syntax errors. */
function describe(error: unknown): string {
  const { name, message } = toError(error);
  const line = (message.split('\n')[0] ?? '').trim();
  return line.startsWith('ParseError: ') ? line.replace('ParseError', 'SyntaxError') : `${name}: ${line}`;
}
