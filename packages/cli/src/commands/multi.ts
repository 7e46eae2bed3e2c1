import { defineCommand } from '../command.ts';
import { duration, flag, text } from '../option-kinds.ts';

const NAMES = 'Names of the nodes';
const FILES = 'Files';

/** Read by @tq/multi, with the options of a worker beside them. */
export const multi = defineCommand({
  name: 'multi',
  words: [
    {
      name: 'COMMAND',
      help: 'start, restart, stop, stopwait, kill, show, names, get, expand, help',
      choices: [
        'start',
        'restart',
        'stop',
        'stopwait',
        'stop_verify',
        'kill',
        'show',
        'names',
        'get',
        'expand',
        'help',
      ],
    },
    { name: 'NODES', help: 'names, or how many: w1 w2, or 10', optional: true },
  ],
  about: [
    'Workers in the background, found again by their pid files. Options that are not listed here are those of tq worker; behind a ' +
      'colon they can name some of the nodes: -Q:1-3 images,video -c:w1 10. tq multi help shows more.',
  ],
  rest: 'setting=value …',
  takesAnything: true,
  options: {
    pidfile: text('PATH', 'Where process ids are kept; %n is the name of the node', {
      short: 'p',
      group: FILES,
      otherwise: '%n.pid',
    }),
    logfile: text('PATH', 'Where nodes log; %n the name of the node, %I the child', {
      short: 'f',
      group: FILES,
      otherwise: '%n%I.log',
    }),
    hostname: text('HOST', 'Host part of all names', { short: 'n', group: NAMES, otherwise: 'this host' }),
    prefix: text('TEXT', 'Put before names', { group: NAMES }),
    suffix: text('HOST', 'Put behind names in place of the host; \'""\' for nothing', { group: NAMES }),
    rangePrefix: text('TEXT', 'Put before numbers', { group: NAMES, otherwise: 'celery' }),
    timeout: duration('Wait no longer for nodes to stop (stopwait, restart)', {
      otherwise: 'as long as their tasks take',
    }),
    executable: text('PATH', 'Another Node'),
    cmd: text('WORDS', 'Run this in place of tq worker --detach: FILE worker …'),
    append: text('WORDS', 'Put behind the command line of every node'),
    verbose: flag('Print the command lines too'),
    nosplash: flag('No line with the version'),
  },
  examples: [
    ['multi start w1 -A proj -l info', 'one worker; pid file and log lie in this folder'],
    ['multi restart w1 -A proj -l info', 'the same options again: nothing is remembered'],
    ['multi stopwait w1', 'returns when its tasks are done'],
    ['multi start 10 -A proj -Q:1-3 images,video -Q:4,5 data -Q default -L:4,5 debug', 'ten of them'],
  ],
  async run({ words }, program) {
    const { runMulti } = await import('../run-multi.ts');
    return runMulti(words, program);
  },
});
