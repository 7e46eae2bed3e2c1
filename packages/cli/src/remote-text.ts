/** An answer for people, as Celery prints it. */
export function replyText(node: string, reply: unknown, withBody: boolean): string {
  const { status, body } = pretty(reply);
  const heading = `->  ${node}: ${status}`;
  return withBody && body !== '' ? `${heading}\n${indented(body)}` : heading;
}

/** `1 node online.` */
export function online(count: number): string {
  return `${count} ${count === 1 ? 'node' : 'nodes'} online.`;
}

function pretty(reply: unknown): { readonly status: string; readonly body: string } {
  if (Array.isArray(reply)) {
    const lines = reply.map((item) => `* ${textOf(item)}`);
    return { status: 'OK', body: lines.length === 0 ? '- empty -' : lines.join('\n') };
  }
  if (typeof reply === 'object' && reply !== null) {
    if ('ok' in reply) return { status: 'OK', body: textOf(reply.ok) };
    if ('error' in reply) return { status: 'ERROR', body: textOf(reply.error) };
    return { status: 'OK', body: JSON.stringify(reply, null, 4) };
  }
  return { status: 'OK', body: reply === null || reply === undefined ? '' : textOf(reply) };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

function indented(text: string): string {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => (line === '' ? '' : `    ${line}`))
    .join('\n');
}
