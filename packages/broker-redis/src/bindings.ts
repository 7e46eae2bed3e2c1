import type { BindingRecord } from '@tq/virtual';
import type { Command } from './client.ts';
import type { Keys } from './keys.ts';
import type { Link } from './link.ts';
import { BIND_FOR_A_WHILE } from './scripts.ts';

/** kombu's rule: the bindings of a queue that expires are kept for twice that time, at least for an hour. */
const EXPIRES_FACTOR = 2;
const SHORTEST_MS = 3_600_000;

/** A member of kombu's sets. */
export interface Member {
  readonly routingKey: string;
  /** A regular expression, for topics. */
  readonly pattern: string;
  readonly queue: string;
}

/** A command on one key, in texts. */
export type Removal = readonly [name: string, key: string, ...members: string[]];

/** The bindings of exchanges: direct ones and topics as kombu keeps them, fanout and headers as it can't. */
export class Bindings {
  readonly #link: Link;
  readonly #keys: Keys;

  constructor(link: Link, keys: Keys) {
    this.#link = link;
    this.#keys = keys;
  }

  /** `expiresMs` of a queue that stays is undefined. */
  async add(binding: BindingRecord, expiresMs: number | undefined): Promise<void> {
    const { exchange, queue, routingKey, type } = binding;
    const keys = this.#keys;
    const commands: Command[] = exchange === queue ? [] : [['SADD', keys.boundTo(queue), exchange]];
    const member = this.#memberOf(binding);
    if (member !== undefined && expiresMs === undefined)
      commands.push(
        ['SADD', keys.bindings(exchange), member],
        ['SADD', keys.lastingBindings(exchange), member],
      );
    if (!isCommon(binding))
      commands.push([
        'SADD',
        keys.ownBindings(exchange),
        JSON.stringify([queue, routingKey, type, binding.arguments ?? null]),
      ]);
    if (commands.length > 0) await this.#link.atomically(commands);
    if (expiresMs !== undefined) await this.refresh(binding, expiresMs);
    this.#link.mark(exchange === queue ? keys.bindings(exchange) : keys.boundTo(queue));
  }

  /** Keeps the binding of a queue that expires for a while. */
  async refresh(binding: BindingRecord, expiresMs: number): Promise<void> {
    const { exchange } = binding;
    const member = this.#memberOf(binding);
    if (member === undefined) return;
    await this.#link.script(
      BIND_FOR_A_WHILE,
      [this.#keys.bindings(exchange), this.#keys.bindingDeadlines],
      [member, exchange, Math.max(expiresMs * EXPIRES_FACTOR, SHORTEST_MS)],
    );
  }

  async of(exchange: string): Promise<readonly BindingRecord[]> {
    const [common, own] = (await this.#link.pipeline([
      ['SMEMBERS', this.#keys.bindings(exchange)],
      ['SMEMBERS', this.#keys.ownBindings(exchange)],
    ])) as [Buffer[], Buffer[]];
    return [
      ...common.flatMap((member) => this.#shared(exchange, member.toString())),
      ...own.map((member) => ownBinding(exchange, member.toString())),
    ];
  }

  /** The queues that kombu would put a message into: it asks no type, only whether there is a pattern. */
  async lookUp(exchange: string, routingKey: string): Promise<readonly string[]> {
    if (exchange === '') return [routingKey];
    const members = (await this.#link.call('SMEMBERS', this.#keys.bindings(exchange))) as Buffer[];
    const fitting = members
      .map((member) => parseMember(member.toString(), this.#keys.separator))
      .filter((each) => each !== undefined && fits(each, routingKey));
    return [...new Set(fitting.map((each) => each!.queue))];
  }

  /** What removes those of the bindings of a queue that tq has made, and those of the exchange named like it. */
  async removals(queue: string): Promise<readonly Removal[]> {
    const keys = this.#keys;
    const known = (await this.#link.call('SMEMBERS', keys.boundTo(queue))) as Buffer[];
    const commands: Removal[] = known.length > 0 ? [['DEL', keys.boundTo(queue)]] : [];
    for (const exchange of new Set([queue, ...known.map(String)])) {
      const [common, own] = (await this.#link.pipeline([
        ['SMEMBERS', keys.bindings(exchange)],
        ['SMEMBERS', keys.ownBindings(exchange)],
      ])) as [Buffer[], Buffer[]];
      const shared = common.map(String).filter((each) => parseMember(each, keys.separator)?.queue === queue);
      const mine = own.map(String).filter((each) => ownBinding(exchange, each).queue === queue);
      if (shared.length > 0)
        commands.push(
          ['SREM', keys.bindings(exchange), ...shared],
          ['SREM', keys.lastingBindings(exchange), ...shared],
        );
      if (mine.length > 0) commands.push(['SREM', keys.ownBindings(exchange), ...mine]);
    }
    return commands;
  }

  /** The bindings of a queue are no longer this process's affair. */
  forget(queue: string): void {
    for (const mark of [this.#keys.boundTo(queue), this.#keys.bindings(queue)]) this.#link.unmark(mark);
  }

  /** As kombu writes it; undefined for what it has no form for. */
  #memberOf({ queue, routingKey, type }: BindingRecord): string | undefined {
    if (type !== 'direct' && type !== 'topic') return undefined;
    const pattern = type === 'topic' ? topicPattern(routingKey) : '';
    return [routingKey, pattern, queue].join(this.#keys.separator);
  }

  /**
   * A binding of kombu's set. Its fanout bindings stand there, too, though nothing is ever put into a list for them;
   * they have no key, or one with wildcards and no pattern.
   */
  #shared(exchange: string, text: string): readonly BindingRecord[] {
    const member = parseMember(text, this.#keys.separator);
    if (!member) return [];
    const { pattern, queue, routingKey } = member;
    if (pattern !== '') return [{ exchange, queue, routingKey, type: 'topic' }];
    return routingKey === '' || /[*#]/.test(routingKey)
      ? []
      : [{ exchange, queue, routingKey, type: 'direct' }];
  }
}

/** Whether kombu's set says all there is to say. */
function isCommon({ routingKey, type }: BindingRecord): boolean {
  return type === 'topic' || (type === 'direct' && routingKey !== '' && !/[*#]/.test(routingKey));
}

function ownBinding(exchange: string, text: string): BindingRecord {
  const [queue, routingKey, type, args] = JSON.parse(text) as [
    string,
    string,
    BindingRecord['type'],
    Readonly<Record<string, unknown>> | null,
  ];
  const record = { exchange, queue, routingKey, type };
  return args ? { ...record, arguments: args } : record;
}

function parseMember(text: string, separator: string): Member | undefined {
  const [routingKey, pattern, queue, ...more] = text.split(separator);
  if (routingKey === undefined || pattern === undefined || queue === undefined || more.length > 0)
    return undefined;
  return { routingKey, pattern, queue };
}

/** A topic's key as kombu writes it for its own matching. */
export function topicPattern(routingKey: string): string {
  const escaped = routingKey.replaceAll(/[^\p{L}\p{N}.#*]/gu, String.raw`\$&`);
  const words = escaped
    .split('.')
    .map((word) => (word === '*' ? String.raw`.*?[^\.]` : word === '#' ? '.*?' : word));
  return `^${words.join(String.raw`\.`)}$`;
}

function fits({ pattern, routingKey }: Member, key: string): boolean {
  if (pattern === '') return routingKey === key;
  try {
    return new RegExp(pattern).test(key);
  } catch {
    return false; // not a pattern of kombu's making
  }
}
