import { hostname } from 'node:os';

/** Celery's default node name: `celery@<host>`. */
export function defaultNodeName(): string {
  return `celery@${hostname()}`;
}

/**
 * Fills in `%h` (full node host), `%n` (host without domain), `%d` (domain) and `%%`, and completes a bare name to
 * `name@host`.
 */
export function expandNodeName(name: string, host: string = hostname()): string {
  const { short, domain } = partsOf(host);
  const expanded = filledIn(name, { h: host, n: short, d: domain, '%': '%' });
  return expanded.includes('@') ? expanded : `${expanded}@${host}`;
}

/**
 * Fills in a file name for a node: `%n` the part of its name before `@`, `%h` its host with domain, `%d` the domain, `%p` the
 * whole node name, `%i` the child's index or 0 in the main process, `%I` the same with a leading dash or nothing.
 */
export function expandFileName(pattern: string, nodeName: string, index = 0): string {
  const at = nodeName.indexOf('@');
  const host = at < 0 ? hostname() : nodeName.slice(at + 1);
  return filledIn(pattern, {
    n: at < 0 ? nodeName : nodeName.slice(0, at),
    h: host,
    d: partsOf(host).domain,
    p: nodeName,
    i: String(index),
    I: index > 0 ? `-${index}` : '',
    '%': '%',
  });
}

/** What the process of a worker calls itself where processes are listed. Children add to it: `… [prefork 1]`. */
export function workerTitle(nodeName: string): string {
  return `tq worker: ${nodeName}`;
}

/** What senders call themselves in messages: `gen<pid>@<host>`. */
export function senderName(): string {
  return `gen${process.pid}@${hostname()}`;
}

function partsOf(host: string): { readonly short: string; readonly domain: string } {
  const dot = host.indexOf('.');
  return dot < 0 ? { short: host, domain: '' } : { short: host.slice(0, dot), domain: host.slice(dot + 1) };
}

/** Specifiers that nobody knows stay as they are. */
function filledIn(pattern: string, values: Readonly<Record<string, string>>): string {
  return pattern.replace(/%(.)/g, (specifier, key: string) => values[key] ?? specifier);
}
