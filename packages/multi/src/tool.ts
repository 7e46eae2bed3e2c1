import { didYouMean } from '@tq/core/internal';
import { Cluster } from './cluster.ts';
import { MultiUsageError } from './errors.ts';
import type { Started, Stopped } from './events.ts';
import { readFleet } from './fleet.ts';
import type { Fleet, FleetOptions } from './fleet.ts';
import { expandTemplate } from './names.ts';
import type { Node } from './node.ts';
import { runningHere } from './running-here.ts';
import { joinWords } from './shell-words.ts';
import { takeManners } from './manners.ts';
import { PLAIN, transcript } from './transcript.ts';
import type { Paint } from './transcript.ts';
import { HELP, USAGE } from './usage.ts';

export interface MultiToolOptions extends FleetOptions {
  /** Takes what is printed. */
  readonly write: (text: string) => void;
  /** Takes sentences about what was given, a line each. */
  readonly warn: (line: string) => void;
  /** Line above what is done: `tq multi v1.2.3`. */
  readonly splash: string;
  readonly paint?: Paint;
  readonly isQuiet?: boolean;
  /** Environment of the workers. @default that of this process */
  readonly env?: NodeJS.ProcessEnv;
  /** Looks at the command line of a node before any is started; throws what is wrong with it. */
  readonly check?: (words: readonly string[]) => Promise<void>;
}

type Command = (tool: MultiTool, words: readonly string[]) => Promise<number> | number;

const OK = 0;
const FAILURE = 1;

/** The program `tq multi`: runs command lines, and resolves with exit codes. */
export class MultiTool {
  readonly #options: MultiToolOptions;
  #manners = { isQuiet: false, isVerbose: false, showsSplash: true };

  constructor(options: MultiToolOptions) {
    this.#options = options;
  }

  /** Runs a command line: `start w1 w2 -A proj`. @throws MultiUsageError, CantCreate */
  async run(words: readonly string[]): Promise<number> {
    const { command: name, others, manners } = takeManners(words, this.#options.options);
    this.#manners = { ...manners, isQuiet: manners.isQuiet || (this.#options.isQuiet ?? false) };
    if (name === undefined) throw new MultiUsageError('tq multi needs a command.', { remedy: USAGE });
    const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (command) return command(this, others);
    const near = didYouMean(name, Object.keys(COMMANDS));
    throw new MultiUsageError(`tq multi has no command ${JSON.stringify(name)}.`, {
      remedy: near === undefined ? USAGE : `Did you mean tq multi ${near}?`,
    });
  }

  async start(words: readonly string[]): Promise<number> {
    const fleet = this.#fleet('start', words);
    await this.#check(fleet.nodes);
    this.#splash();
    this.#note(`${this.#paint.heading('> Starting nodes...')}\n`);
    return allStarted(await this.#cluster(fleet).start());
  }

  async restart(words: readonly string[]): Promise<number> {
    const fleet = this.#fleet('restart', words);
    await this.#check(fleet.nodes);
    this.#splash();
    const { started, stopped } = await this.#cluster(fleet).restart(fleet);
    return Math.max(allStarted(started), allDown(stopped));
  }

  async stop(words: readonly string[]): Promise<number> {
    const fleet = this.#fleet('stop', words);
    this.#splash();
    return noneForbidden(await this.#cluster(fleet).stop(fleet));
  }

  async stopwait(words: readonly string[]): Promise<number> {
    const fleet = this.#fleet('stopwait', words);
    this.#splash();
    return allDown(await this.#cluster(fleet).stopwait(fleet));
  }

  async kill(words: readonly string[]): Promise<number> {
    const fleet = this.#fleet('kill', words);
    this.#splash();
    return noneForbidden(await this.#cluster(fleet).kill());
  }

  show(words: readonly string[]): number {
    for (const { command } of this.#fleet('show', words).nodes) this.#print(joinWords(command));
    return OK;
  }

  names(words: readonly string[]): number {
    for (const { name } of this.#fleet('names', words).nodes) this.#print(name);
    return OK;
  }

  expand([template, ...words]: readonly string[]): number {
    if (template === undefined)
      throw new MultiUsageError('tq multi expand needs a template.', {
        remedy: "For example: tq multi expand '%n.log' w1 w2",
      });
    for (const { name } of this.#fleet('expand', words).nodes) this.#print(expandTemplate(template, name));
    return OK;
  }

  get([wanted, ...words]: readonly string[]): number {
    const { nodes } = this.#fleet('get', words);
    const node = nodes.find(({ label, name }) => name === wanted || label === wanted);
    if (!node) {
      this.#options.warn(
        `No node is called ${wanted}; there is ${nodes.map(({ name }) => name).join(', ')}.`,
      );
      return FAILURE;
    }
    this.#print(joinWords(node.command.slice(1)));
    return OK;
  }

  help(): number {
    this.#print(HELP);
    return OK;
  }

  get #paint(): Paint {
    return this.#options.paint ?? PLAIN;
  }

  #fleet(command: string, words: readonly string[]): Fleet {
    const fleet = readFleet(words, this.#options);
    for (const warning of fleet.warnings) this.#options.warn(warning);
    if (fleet.nodes.length === 0) throw this.#needsNames(command, fleet);
    return fleet;
  }

  /** Stopping nothing and calling it a success would be the worst answer. */
  #needsNames(command: string, { pidfile }: Fleet): MultiUsageError {
    const running = runningHere(pidfile, this.#options.cwd);
    const example =
      running.length === 0
        ? `For example: tq multi ${command} w1 w2, or a number of nodes: tq multi ${command} 3`
        : `Running here: ${running.join(', ')}. To name them: tq multi ${command} ${[...running, ...(pidfile === undefined ? [] : [`--pidfile=${pidfile}`])].join(' ')}`;
    return new MultiUsageError(`tq multi ${command} needs the names of nodes: it keeps no list of them.`, {
      remedy: example,
    });
  }

  async #check(nodes: readonly Node[]): Promise<void> {
    const { check } = this.#options;
    if (check) for (const { command } of nodes) await check(command);
  }

  #cluster({ nodes }: Fleet): Cluster {
    const { cwd, env } = this.#options;
    return new Cluster(nodes, {
      onEvent: (event) => this.#note(transcript(event, this.#paint, this.#manners.isVerbose)),
      ...(cwd === undefined ? {} : { cwd }),
      ...(env === undefined ? {} : { env }),
    });
  }

  #splash(): void {
    if (this.#manners.showsSplash) this.#note(`${this.#paint.splash(this.#options.splash)}\n`);
  }

  #note(text: string): void {
    if (!this.#manners.isQuiet) this.#options.write(text);
  }

  #print(line: string): void {
    this.#options.write(`${line}\n`);
  }
}

const COMMANDS: Readonly<Record<string, Command>> = {
  start: (tool, words) => tool.start(words),
  restart: (tool, words) => tool.restart(words),
  stop: (tool, words) => tool.stop(words),
  stopwait: (tool, words) => tool.stopwait(words),
  stop_verify: (tool, words) => tool.stopwait(words),
  kill: (tool, words) => tool.kill(words),
  show: (tool, words) => tool.show(words),
  names: (tool, words) => tool.names(words),
  expand: (tool, words) => tool.expand(words),
  get: (tool, words) => tool.get(words),
  help: (tool) => tool.help(),
};

/** The names of the commands, in the order of the help. */
export const COMMAND_NAMES: readonly string[] = Object.keys(COMMANDS);

function allStarted(started: readonly Started[]): number {
  return started.every(({ outcome }) => outcome.kind === 'started') ? OK : FAILURE;
}

function allDown(stopped: readonly Stopped[]): number {
  return stopped.every(({ outcome }) => outcome.kind === 'down' || outcome.kind === 'stopped') ? OK : FAILURE;
}

function noneForbidden(stopped: readonly Stopped[]): number {
  return stopped.some(({ outcome }) => outcome.kind === 'forbidden') ? FAILURE : OK;
}
