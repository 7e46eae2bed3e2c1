import { readdirSync, readFileSync, statSync } from 'node:fs';
import { isAbsolute, join, sep } from 'node:path';
import { SecurityError } from '../errors.ts';
import { globExpression } from '../glob.ts';
import { readCertificate } from './certificate.ts';
import type { Certificate } from './certificate.ts';

/** Certificates of those whose messages are believed, by their id. */
export type CertificateStore = ReadonlyMap<string, Certificate>;

/**
 * Reads a store: a folder, or files by a pattern such as `/etc/tq/certs/*.pem`.
 * @throws SecurityError when one can't be read, has expired or is there twice, and when there are none
 */
export function readStore(pattern: string, nowMs: number): CertificateStore {
  const store = new Map<string, Certificate>();
  for (const file of filesOf(pattern)) {
    const certificate = readCertificate(textOf(file), file);
    if (certificate.expiresMs <= nowMs)
      throw new SecurityError(`The certificate ${file} has expired. Renew it, or take it out of the store.`);
    if (store.has(certificate.id))
      throw new SecurityError(`The certificate ${file} is in the store ${pattern} twice.`);
    store.set(certificate.id, certificate);
  }
  if (store.size === 0) throw new SecurityError(`No certificate is in the store ${pattern}.`);
  return store;
}

/** The text of a key or certificate file. */
export function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new SecurityError(`${file} can't be read.`, { cause: error });
  }
}

function filesOf(pattern: string): readonly string[] {
  const absolute = isAbsolute(pattern) ? pattern : join(process.cwd(), pattern);
  if (kindOf(absolute) === 'file') return [absolute];
  const path = kindOf(absolute) === 'folder' ? join(absolute, '*') : absolute;
  const [root = '', ...steps] = path.split(sep);
  return steps
    .reduce<readonly string[]>((found, step) => found.flatMap((folder) => matching(folder, step)), [root])
    .filter((file) => kindOf(file) === 'file');
}

/** Names that begin with a point are hidden from patterns, as in a shell. */
function matching(folder: string, step: string): readonly string[] {
  if (!/[*?[]/.test(step)) return [`${folder}${sep}${step}`];
  const expression = globExpression(step);
  const isWanted = (name: string): boolean =>
    expression.test(name) && (step.startsWith('.') || !name.startsWith('.'));
  try {
    return readdirSync(folder === '' ? sep : folder)
      .filter(isWanted)
      .sort()
      .map((name) => `${folder}${sep}${name}`);
  } catch {
    return []; // no such folder: nothing in it
  }
}

function kindOf(path: string): 'file' | 'folder' | undefined {
  try {
    return statSync(path).isDirectory() ? 'folder' : 'file';
  } catch {
    return undefined; // nothing is there, or below a file
  }
}
