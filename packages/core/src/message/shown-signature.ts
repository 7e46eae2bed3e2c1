import { bodyOf, headerOf, kindOf, partsOf } from '../compose.ts';
import type { SignatureData } from '../types/signature.ts';
import { repr } from './repr.ts';

/** As Celery prints signatures: `proj.tasks.add(2, 2)`, `a() | b(1)`, `group([a(), b()])`, `%xsum([a(), b()])`. */
export function shown(data: SignatureData): string {
  switch (kindOf(data)) {
    case 'chain':
      return partsOf(data).map(shown).join(' | ') || '<chain: empty>';
    case 'group':
      return partsOf(data).length > 0 ? `group([${partsOf(data).map(shown).join(', ')}])` : 'group(<empty>)';
    case 'chord':
      return shownChord(data);
    case 'task':
      return call(
        data.task,
        (data.args ?? []).map((arg) => repr(arg)),
        data.kwargs,
      );
  }
}

/** The header stands where the body gets its results. */
function shownChord(data: SignatureData): string {
  const header = `[${headerOf(data).map(shown).join(', ')}]`;
  const body = bodyOf(data);
  if (kindOf(body) !== 'task') return `%(${header} | ${shown(body)})`;
  return `%${call(body.task, [header, ...(body.args ?? []).map((arg) => repr(arg))], body.kwargs)}`;
}

function call(task: string, args: readonly string[], kwargs: SignatureData['kwargs']): string {
  const named = Object.entries(kwargs ?? {}).map(([name, value]) => `${name}=${repr(value)}`);
  return `${task}(${[...args, ...named].join(', ')})`;
}
