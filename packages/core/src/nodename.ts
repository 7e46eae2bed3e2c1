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
  const dot = host.indexOf('.');
  const parts: Readonly<Record<string, string>> = {
    h: host,
    n: dot < 0 ? host : host.slice(0, dot),
    d: dot < 0 ? '' : host.slice(dot + 1),
    '%': '%',
  };
  const expanded = name.replace(/%([hnd%])/g, (_, key: string) => parts[key] as string);
  return expanded.includes('@') ? expanded : `${expanded}@${host}`;
}

/**
 * Fills in a file name for a node: `%n` the part before `@`, `%h` the whole node name, `%d` the host's domain, `%i` the
 * child's index or nothing in the main process, `%I` the same with a leading dash, `%p` the process id.
 */
export function expandFileName(pattern: string, nodeName: string, index = 0): string {
  const [name = nodeName, host = ''] = nodeName.split('@');
  const dot = host.indexOf('.');
  const parts: Readonly<Record<string, string>> = {
    n: name,
    h: nodeName,
    d: dot < 0 ? '' : host.slice(dot + 1),
    i: String(index),
    I: index > 0 ? `-${index}` : '',
    p: String(process.pid),
    '%': '%',
  };
  return pattern.replace(/%([nhdiIp%])/g, (_, key: string) => parts[key] as string);
}

/** What senders call themselves in messages: `gen<pid>@<host>`. */
export function senderName(): string {
  return `gen${process.pid}@${hostname()}`;
}
