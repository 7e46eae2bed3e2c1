import { expandNodeName, workerTitle } from '@tq/core/internal';
import { wordsOf } from './process-words.ts';

/**
 * What a process id stands for: the worker of that name, something else that got the id after it (another worker, another program),
 * or nothing. Where a system tells nothing of its processes, the id is believed.
 */
export type Identity = 'worker' | 'stranger' | 'gone';

/** How a node's processes are started, beside the title they give themselves. */
export interface Likeness {
  /** `w1@host` */
  readonly name: string;
  /** Words of the command line that are no options: `worker`. */
  readonly command?: readonly string[];
}

export function identify(pid: number, { name, command = ['worker'] }: Likeness): Identity {
  const words = wordsOf(pid);
  if (words === 'gone') return 'gone';
  if (words === 'unknown') return 'worker';
  return hasTitle(words, workerTitle(name)) || isStarting(words, name, command) ? 'worker' : 'stranger';
}

/** Whether a process may be one of tq's that keeps a pid file, under whatever name. */
export function isOfTq(words: readonly string[]): boolean {
  return words.join(' ').startsWith('tq ') || words.includes('worker');
}

/** Whether a process is a worker of tq, and by which name; undefined when it is none, or only starts to be one. */
export function nameOfWorker(pid: number): string | undefined {
  const words = wordsOf(pid);
  if (typeof words === 'string') return undefined;
  const line = words.join(' ');
  const prefix = workerTitle('');
  return line.startsWith(prefix) && !line.endsWith(']') ? line.slice(prefix.length) : undefined;
}

/** A title that is longer than the command line was is cut off by the system. */
function hasTitle(words: readonly string[], title: string): boolean {
  const line = words.join(' ');
  return line === title || (line.includes('@') && title.startsWith(line));
}

/** Before a worker has its title it can be told by its command line. */
function isStarting(words: readonly string[], name: string, command: readonly string[]): boolean {
  return command.every((word) => words.includes(word)) && namesIn(words).includes(name);
}

function namesIn(words: readonly string[]): readonly string[] {
  return words.flatMap((word, at) => {
    const given =
      word === '-n' || word === '--hostname' ? words[at + 1] : /^(?:-n|--hostname=)(.+)$/.exec(word)?.[1];
    return given === undefined ? [] : [expandNodeName(given)];
  });
}
