import type { BindingRecord } from '@tq/virtual';
import type { Command } from './client.ts';
import type { Keys } from './keys.ts';
import type { Link } from './link.ts';

/** A member of kombu's sets. */
export interface Member {
  readonly routingKey: string;
  /** A regular expression, for topics. */
  readonly pattern: string;
  readonly queue: string;
}

/** The bindings of exchanges: direct ones and topics as kombu keeps them, fanout and headers as it can't. */
export class Bindings {
  readonly #link: Link;
  readonly #keys: Keys;

  constructor(link: Link, keys: Keys) {
    this.#link = link;
    this.#keys = keys;
  }

  async add(binding: BindingRecord): Promise<void> {
    const { exchange, queue, routingKey, type } = binding;
    const keys = this.#keys;
    const commands: Command[] = exchange === queue ? [] : [['SADD', keys.boundTo(queue), exchange]];
    if (type === 'direct' || type === 'topic') {
      const pattern = type === 'topic' ? topicPattern(routingKey) : '';
      const member = [routingKey, pattern, queue].join(keys.separator);
      commands.push(['SADD', keys.bindings(exchange), member]);
    }
    if (!isCommon(binding))
      commands.push([
        'SADD',
        keys.ownBindings(exchange),
        JSON.stringify([queue, routingKey, type, binding.arguments ?? null]),
      ]);
    await this.#link.atomically(commands);
    this.#link.mark(exchange === queue ? keys.bindings(exchange) : keys.boundTo(queue));
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

  /** Those of the bindings of a queue that tq has made, and those of the exchange named like it. */
  async removeAll(queue: string): Promise<readonly Command[]> {
    const keys = this.#keys;
    const known = (await this.#link.call('SMEMBERS', keys.boundTo(queue))) as Buffer[];
    const commands: Command[] = known.length > 0 ? [['DEL', keys.boundTo(queue)]] : [];
    for (const exchange of new Set([queue, ...known.map(String)])) {
      const [common, own] = (await this.#link.pipeline([
        ['SMEMBERS', keys.bindings(exchange)],
        ['SMEMBERS', keys.ownBindings(exchange)],
      ])) as [Buffer[], Buffer[]];
      const shared = common.filter((each) => parseMember(each.toString(), keys.separator)?.queue === queue);
      const mine = own.filter((each) => ownBinding(exchange, each.toString()).queue === queue);
      if (shared.length > 0) commands.push(['SREM', keys.bindings(exchange), ...shared]);
      if (mine.length > 0) commands.push(['SREM', keys.ownBindings(exchange), ...mine]);
    }
    for (const mark of [keys.boundTo(queue), keys.bindings(queue)]) this.#link.unmark(mark);
    return commands;
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
