import { isDeepStrictEqual } from 'node:util';
import { signatureData } from './call-options.ts';
import type { SignatureLike } from './call-options.ts';
import type { SignatureData } from './types/signature.ts';

// Signatures made of signatures, as plain data: Celery's dictionaries, and what its `|` makes of two of them. To send
// one is canvas's affair. Spec: canvas.md 1.1 and 5.

/** What a signature is made of; `task` where it is a single call. */
export type Kind = 'task' | 'chain' | 'group' | 'chord';

const KINDS: ReadonlySet<unknown> = new Set(['chain', 'group', 'chord']);

/** Which kind of signature data is. */
export function kindOf({ subtask_type: kind }: SignatureData): Kind {
  return KINDS.has(kind) ? (kind as Kind) : 'task';
}

type Options = Readonly<Record<string, unknown>>;

/** A chain of these steps, in their order. */
export function chainData(steps: readonly SignatureData[], options: Options = {}): SignatureData {
  return composite('chain', { tasks: steps }, options);
}

/** A group of these members. */
export function groupData(members: readonly SignatureData[], options: Options = {}): SignatureData {
  return composite('group', { tasks: members }, options);
}

/** A chord: a body that gets the results of a header. */
export function chordData(
  header: readonly SignatureData[],
  body: SignatureData,
  options: Options = {},
): SignatureData {
  return composite('chord', { kwargs: {}, header, body }, options);
}

function composite(kind: Exclude<Kind, 'task'>, kwargs: Options, options: Options): SignatureData {
  return { task: `celery.${kind}`, args: [], kwargs, options, subtask_type: kind, immutable: false };
}

/** Steps of a chain, members of a group. */
export function partsOf(data: SignatureData): readonly SignatureData[] {
  return listed(data.kwargs?.['tasks']);
}

/** Members of a chord's header: a list, or a group once it is frozen or stamped. */
export function headerOf(data: SignatureData): readonly SignatureData[] {
  const header = data.kwargs?.['header'];
  if (Array.isArray(header)) return listed(header);
  const single = signatureData(header as SignatureLike);
  return kindOf(single) === 'task' || kindOf(single) === 'chord' ? [single] : partsOf(single);
}

/** What a chord's header ends in. */
export function bodyOf(data: SignatureData): SignatureData {
  return signatureData(data.kwargs?.['body'] as SignatureLike);
}

function listed(value: unknown): readonly SignatureData[] {
  return ((value ?? []) as readonly SignatureLike[]).map(signatureData);
}

/** The same with other parts of it. */
export function withKwargs(data: SignatureData, kwargs: Options): SignatureData {
  return { ...data, kwargs: { ...data.kwargs, ...kwargs } };
}

/** A group of one is its member, where it is a step of a chain. */
export function unrolled(data: SignatureData): SignatureData {
  if (kindOf(data) !== 'group') return data;
  const [only, ...others] = partsOf(data);
  return only && others.length === 0 ? only : data;
}

function isEmpty(data: SignatureData): boolean {
  return kindOf(data) !== 'task' && kindOf(data) !== 'chord' && partsOf(data).length === 0;
}

/**
 * What Celery's `left | right` makes: a chain; a chord where a group meets what comes behind it; a chord with a longer body
 * where a chord does. Spec: canvas.md 5.
 */
export function piped(left: SignatureData, right: SignatureData): SignatureData {
  if (isEmpty(right)) return left;
  if (kindOf(left) === 'chain' && isEmpty(left)) return right;
  switch (kindOf(left)) {
    case 'group':
      return chordData(partsOf(left), right, left.options ?? {});
    case 'chord':
      if (kindOf(right) === 'chain') return chainData([left, ...stepsOf(right)]);
      if (kindOf(unrolled(right)) === 'group') return chainData([left, right]);
      return withBody(left, piped(bodyOf(left), unrolled(right)));
    case 'chain':
      return chained(stepsOf(left), right, ownOptions(left));
    case 'task':
      return chained([left], right, {});
  }
}

/** `chain(a, b, …)`: every step piped to the one before it. */
export function foldedChain(steps: readonly SignatureData[]): SignatureData {
  const [first, ...others] = steps.map(unrolled).filter((step) => !isEmpty(step));
  const start = chainData(first ? (kindOf(first) === 'chain' ? stepsOf(first) : [first]) : []);
  const options = first && kindOf(first) === 'chain' ? ownOptions(first) : {};
  return others.reduce((chain, step) => piped(chain, step), { ...start, options });
}

function chained(steps: readonly SignatureData[], right: SignatureData, options: Options): SignatureData {
  const next = unrolled(right);
  if (kindOf(next) === 'chain')
    return stepsOf(next).reduce((chain, step) => piped(chain, step), chainData(steps, options));
  const before = steps.slice(0, -1);
  const last = steps.at(-1);
  if (last && kindOf(last) === 'group')
    return chainData([...before, chordData(partsOf(last), next, last.options ?? {})], options);
  if (last && kindOf(last) === 'chord' && kindOf(next) === 'task')
    return chainData([...before, withBody(last, piped(bodyOf(last), next))], options);
  return chainData([...steps, next], options);
}

function withBody(chord: SignatureData, body: SignatureData): SignatureData {
  return withKwargs(chord, { body });
}

/** The chain's own links stay with the steps that they are for. */
export function stepsOf(chain: SignatureData): readonly SignatureData[] {
  const links = listed(chain.options?.['link']);
  const errors = listed(chain.options?.['link_error']);
  const steps = partsOf(chain);
  return steps.map((step, index) => {
    const failing = errors.reduce((each, error) => withLink(each, 'link_error', error), step);
    if (index < steps.length - 1) return failing;
    return links.reduce((each, link) => withLink(each, 'link', link), failing);
  });
}

function ownOptions(chain: SignatureData): Options {
  const { link: _, link_error: __, ...rest } = chain.options ?? {};
  return rest;
}

/** Which option of a signature names what it sets off. */
export type LinkOption = 'link' | 'link_error';

/**
 * The same with a link more. As in Celery: a chain's link belongs to its last step and an error link to each; a chord's both to
 * the body, an error link to its header too where the setting taskAllowErrorCbOnChordHeader says so (`withHeader`); a group's
 * link to its first member, without its result, and an error link to each.
 */
export function withLink(
  data: SignatureData,
  option: LinkOption,
  link: SignatureData,
  { withHeader = false }: { readonly withHeader?: boolean } = {},
): SignatureData {
  switch (kindOf(data)) {
    case 'group': {
      const isFor = (index: number): boolean => option === 'link_error' || index === 0;
      const own = option === 'link' ? { ...link, immutable: true } : link;
      const tasks = partsOf(data).map((part, index) => (isFor(index) ? withLink(part, option, own) : part));
      return withKwargs(data, { tasks });
    }
    case 'chord':
      return withKwargs(data, {
        ...(withHeader && option === 'link_error' ? { header: headerOf(data).map(failing(link)) } : {}),
        body: withLink(bodyOf(data), option, link),
      });
    case 'chain':
    case 'task':
      return {
        ...data,
        options: { ...data.options, [option]: withOne(listed(data.options?.[option]), link) },
      };
  }
}

/** Members of a header with an error link more. Its option `immutable` is what Celery writes there. */
function failing(link: SignatureData): (member: SignatureData) => SignatureData {
  const own = { ...link, options: { ...link.options, immutable: true } };
  return (member) => withLink(member, 'link_error', own, { withHeader: true });
}

/** The same link twice would run twice. */
function withOne(links: readonly SignatureData[], link: SignatureData): readonly SignatureData[] {
  return links.some((each) => isDeepStrictEqual(each, link)) ? links : [...links, link];
}

/** The same, taking nothing from others: a group's members, a chord's header. */
export function immutableData(data: SignatureData): SignatureData {
  switch (kindOf(data)) {
    case 'group':
      return withKwargs(data, { tasks: partsOf(data).map(immutableData) });
    case 'chord':
      return withKwargs(data, { header: headerOf(data).map(immutableData) });
    case 'chain':
    case 'task':
      return { ...data, immutable: true };
  }
}

/** Looks like a single call, and is sent as a group. Spec: canvas.md 1.1. */
const CHUNKS = 'celery.chunks';

/** Whether to send it is to send one message as it stands. */
export function isSingleCall(data: SignatureData): boolean {
  return kindOf(data) === 'task' && data.task !== CHUNKS;
}

/** The id of what comes out, where its last part has one of its own. */
export function ownId(data: SignatureData): string | undefined {
  switch (kindOf(data)) {
    case 'chain': {
      const last = partsOf(data).at(-1);
      return last && (ownId(last) ?? textOf(last.options?.['task_id']));
    }
    case 'chord':
      return ownId(bodyOf(data)) ?? textOf(bodyOf(data).options?.['task_id']);
    case 'group':
    case 'task':
      return undefined;
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
