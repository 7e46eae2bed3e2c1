import { constants } from 'node:os';
import type { ClusterEvent, RunningNode } from './events.ts';
import { joinWords } from './shell-words.ts';
import type { StartOutcome } from './start-node.ts';

/** Makes words stand out. */
export interface Paint {
  readonly heading: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly down: (text: string) => string;
  readonly splash: (text: string) => string;
}

const same = (text: string): string => text;
export const PLAIN: Paint = { heading: same, good: same, bad: same, down: same, splash: same };

const coloured =
  (code: number) =>
  (text: string): string =>
    `\u001B[${code}m${text}\u001B[39m`;
export const COLOURS: Paint = {
  heading: coloured(34),
  good: coloured(32),
  bad: coloured(31),
  down: coloured(35),
  splash: coloured(36),
};

/** What is printed of an event: Celery's transcript. */
export function transcript(event: ClusterEvent, paint: Paint = PLAIN, isVerbose = false): string {
  switch (event.kind) {
    case 'starting':
      return starting(event, paint, isVerbose);
    case 'started':
      return started(event.outcome, paint);
    case 'stopping':
      return `${paint.heading('> Stopping nodes...')}\n`;
    case 'signalled':
      return `\t> ${event.node.name}: ${event.signal.replace(/^SIG/, '')} -> ${event.pid}\n`;
    case 'killing':
      return `Sending KILL to node ${event.node.name} (${event.pid})\n`;
    case 'deaf':
      return event.why === 'gone'
        ? `Could not signal ${event.node.name} (${event.pid}): No such process\n`
        : `Could not signal ${event.node.name} (${event.pid}): it belongs to another user\n`;
    case 'down':
      return `> ${event.node.name}: ${paint.down('DOWN')}${staleNote(event)}\n`;
    case 'waiting':
      return paint.heading(`> Waiting for ${count(event.nodes)} -> ${pids(event.nodes)}...`);
    case 'still waiting':
      return '.';
    case 'stopped':
      return `\n\t> ${event.node.name}: ${paint.good('OK')}\n`;
    case 'gave up':
      return `\n${gaveUp(event.nodes, event.afterMs, paint)}\n`;
  }
}

type Of<K extends ClusterEvent['kind']> = Extract<ClusterEvent, { readonly kind: K }>;

function starting({ node, again }: Of<'starting'>, paint: Paint, isVerbose: boolean): string {
  const line = again ? paint.heading(`> Restarting node ${node.name}: `) : `\t> ${node.name}: `;
  return isVerbose ? `${line}\n  ${joinWords(node.command)}\n` : line;
}

function started(outcome: StartOutcome, paint: Paint): string {
  if (outcome.kind === 'started') return `${paint.good('OK')}\n`;
  const ended =
    outcome.kind === 'failed'
      ? `* Child terminated with exit code ${outcome.exitCode}`
      : `* Child was terminated by signal ${constants.signals[outcome.signal]} (${outcome.signal})`;
  const said = outcome.said === '' ? [] : outcome.said.split('\n');
  return [paint.bad('FAILED'), ...[ended, ...said].map((line) => `\t  ${line}`), ''].join('\n');
}

function staleNote({ node, stale }: Of<'down'>): string {
  return stale === undefined
    ? ''
    : ` (process ${stale} of ${node.pidFile} is gone, or is another program now)`;
}

function gaveUp(nodes: readonly RunningNode[], afterMs: number, paint: Paint): string {
  const seconds = Math.round(afterMs / 100) / 10;
  return `> Gave up after ${seconds} s. ${paint.bad('Still running')}: ${nodes
    .map(({ node, pid }) => `${node.name} (${pid})`)
    .join(', ')}`;
}

function count({ length }: readonly RunningNode[]): string {
  return length === 1 ? '1 node' : `${length} nodes`;
}

function pids(nodes: readonly RunningNode[]): string {
  return nodes.map(({ pid }) => pid).join(', ');
}
