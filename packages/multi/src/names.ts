import { hostname } from 'node:os';
import { expandNodeName } from '@tq/core/internal';
import { MultiUsageError } from './errors.ts';

/** A worker of the fleet, as it is called. */
export interface NodeName {
  /** How options refer to it beside its index: the word it was named with, or its number. */
  readonly label: string;
  /** `w1@host` */
  readonly name: string;
}

export interface Naming {
  /** Stands before the names of words without a host. @default nothing */
  readonly prefix?: string | undefined;
  /** The host part of words without one; the empty text means none. @default `host` */
  readonly suffix?: string | undefined;
  /** Stands before numbers: `celery1`, `celery2`. @default 'celery' */
  readonly rangePrefix?: string | undefined;
  /** @default this host */
  readonly host?: string | undefined;
}

/** A slip of the pen must not start a worker for each port there is. */
const MOST = 1000;

/** Names the nodes of `10`, or of `w1 w2 w3@%h`. @throws MultiUsageError */
export function nameNodes(words: readonly string[], naming: Naming = {}): readonly NodeName[] {
  const count = countIn(words);
  const named =
    count === undefined
      ? words.map((word) => ({ label: word, name: nodeName(word, naming.prefix ?? '', naming) }))
      : numbers(count).map((label) => ({
          label,
          name: nodeName(label, naming.rangePrefix || 'celery', naming),
        }));
  named.forEach(({ name }, at) => {
    if (named.findIndex((other) => other.name === name) !== at)
      throw new MultiUsageError(`Two nodes would be called ${name}.`, {
        remedy: 'Each node needs a name of its own.',
      });
  });
  return named;
}

/** A number alone is how many there are to be. */
function countIn(words: readonly string[]): number | undefined {
  const [word = ''] = words;
  if (words.length !== 1 || !/^\d+$/.test(word)) return undefined;
  const count = Number(word);
  if (count >= 1 && count <= MOST) return count;
  throw new MultiUsageError(`${word} is no number of nodes: it must be from 1 to ${MOST}.`);
}

function numbers(count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => String(at + 1));
}

function nodeName(word: string, prefix: string, naming: Naming): string {
  const host = naming.host ?? hostname();
  const full = word.includes('@') ? word : `${prefix}${word}@${naming.suffix ?? host}`;
  const name = expandNodeName(full, host);
  // The name becomes part of file names, and a word of command lines.
  if (/^[^@/\s]+@[^/\s]*$/.test(name) && !name.startsWith('.')) return name;
  throw new MultiUsageError(`${JSON.stringify(word)} can't be the name of a node.`, {
    remedy: 'Names are letters, digits, dots and dashes, with or without @host: w1, w1@%h.',
  });
}

/** The part of a node's name before its host. */
export function shortName(name: string): string {
  return name.slice(0, name.indexOf('@'));
}

/**
 * Fills in a template for a node, as `celery multi` does: `%n` and `%N` the name before the host, `%h` and `%p` the whole node
 * name, `%d` the host. `%i`, `%I` and `%%` are left to the worker, which knows the index of its children.
 */
export function expandTemplate(template: string, name: string): string {
  const short = shortName(name);
  const host = name.slice(short.length + 1);
  const values: Readonly<Record<string, string>> = { n: short, N: short, h: name, p: name, d: host };
  return template.replace(/%(.)/g, (specifier, key: string) => values[key] ?? specifier);
}
