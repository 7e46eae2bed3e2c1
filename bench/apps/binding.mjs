// The SQLite binding that @tq/sqlite uses, and no other copy of it.
import { createRequire } from 'node:module';

const load = createRequire(new URL('../../packages/sqlite/package.json', import.meta.url));

export const Database = load('libsql');
/** Versions are exact in this repository. */
export const bindingVersion = load('./package.json').dependencies.libsql;
