import { bodyOf, headerOf, kindOf, partsOf, withKwargs } from './compose.ts';
import { signatureList } from './call-options.ts';
import type { SignatureLike } from './call-options.ts';
import type { SignatureData } from './types/signature.ts';

/** Marks by name. */
export type Stamps = Readonly<Record<string, unknown>>;

/** What each part of a signature is stamped with, beside what is around it. Celery's StampingVisitor; what is left out adds nothing. */
export interface Stamper {
  /** Every single call. */
  onSignature?(signature: SignatureData, stamps: Stamps): Stamps | undefined;
  /** A group and all in it; a chord's header too, unless `onChordHeaderStart` is given. */
  onGroupStart?(group: SignatureData, stamps: Stamps): Stamps | undefined;
  onGroupEnd?(group: SignatureData, stamps: Stamps): void;
  onChainStart?(chain: SignatureData, stamps: Stamps): Stamps | undefined;
  onChainEnd?(chain: SignatureData, stamps: Stamps): void;
  onChordHeaderStart?(chord: SignatureData, stamps: Stamps): Stamps | undefined;
  onChordHeaderEnd?(chord: SignatureData, stamps: Stamps): void;
  onChordBody?(chord: SignatureData, stamps: Stamps): Stamps | undefined;
  onCallback?(link: SignatureData, stamps: Stamps): Stamps | undefined;
  onErrback?(link: SignatureData, stamps: Stamps): Stamps | undefined;
}

const HOOKS: ReadonlySet<string> = new Set<keyof Stamper>([
  'onSignature',
  'onGroupStart',
  'onGroupEnd',
  'onChainStart',
  'onChainEnd',
  'onChordHeaderStart',
  'onChordHeaderEnd',
  'onChordBody',
  'onCallback',
  'onErrback',
]);

/** The signature with stamps on every call in it. Spec: canvas.md 9. */
export function stamped(data: SignatureData, stamps: Stamps | Stamper): SignatureData {
  return isStamper(stamps) ? stampAll(data, stamps, {}) : stampAll(data, {}, stamps as Stamps);
}

function isStamper(stamps: Stamps | Stamper): stamps is Stamper {
  return Object.entries(stamps).some(([name, value]) => HOOKS.has(name) && typeof value === 'function');
}

/** What is around a call wins over what its own visitor says, and both over what it had. */
function stampAll(data: SignatureData, stamper: Stamper, around: Stamps): SignatureData {
  switch (kindOf(data)) {
    case 'task': {
      const linked = stampLinks(data, stamper, around);
      return withStamps(linked, { ...stamper.onSignature?.(data, around), ...around });
    }
    case 'chain': {
      const inside = { ...stampsOf(data), ...stamper.onChainStart?.(data, around), ...around };
      const tasks = partsOf(data).map((part) => stampAll(part, stamper, inside));
      const all = withKwargs(stampLinks(data, stamper, inside), { tasks });
      stamper.onChainEnd?.(all, inside);
      return all;
    }
    case 'group': {
      const inside = { ...stampsOf(data), ...stamper.onGroupStart?.(data, around), ...around };
      const tasks = partsOf(data).map((part) => stampAll(part, stamper, inside));
      const all = withKwargs(stampLinks(data, stamper, inside), { tasks });
      stamper.onGroupEnd?.(all, inside);
      return all;
    }
    case 'chord':
      return stampChord(data, stamper, around);
  }
}

function stampChord(data: SignatureData, stamper: Stamper, around: Stamps): SignatureData {
  const atHeader = stamper.onChordHeaderStart
    ? stamper.onChordHeaderStart(data, around)
    : stamper.onGroupStart?.(data, around);
  const inside = { ...stampsOf(data), ...atHeader, ...around };
  const header = headerOf(data).map((part) => stampAll(part, stamper, inside));
  const linked = withKwargs(stampLinks(data, stamper, inside), { header });
  if (stamper.onChordHeaderEnd) stamper.onChordHeaderEnd(linked, inside);
  else stamper.onGroupEnd?.(linked, inside);
  const below = { ...stamper.onChordBody?.(data, inside), ...inside };
  return withKwargs(linked, { body: stampAll(bodyOf(data), stamper, below) });
}

function stampLinks(data: SignatureData, stamper: Stamper, around: Stamps): SignatureData {
  const links = linksOf(data, 'link');
  const errors = linksOf(data, 'link_error');
  if (links.length === 0 && errors.length === 0) return data;
  const stampOne = (link: SignatureData, own: Stamps | undefined): SignatureData =>
    stampAll(link, stamper, { ...own, ...around });
  return {
    ...data,
    options: {
      ...data.options,
      ...(links.length > 0
        ? { link: links.map((link) => stampOne(link, stamper.onCallback?.(link, around))) }
        : {}),
      ...(errors.length > 0
        ? { link_error: errors.map((link) => stampOne(link, stamper.onErrback?.(link, around))) }
        : {}),
    },
  };
}

function linksOf(data: SignatureData, option: 'link' | 'link_error'): readonly SignatureData[] {
  return signatureList(data.options?.[option] as SignatureLike[] | undefined) ?? [];
}

function withStamps(data: SignatureData, stamps: Stamps): SignatureData {
  const names = new Set([...namesIn(data), ...Object.keys(stamps)]);
  if (names.size === 0) return data;
  return { ...data, options: { ...data.options, ...stamps, stamped_headers: [...names] } };
}

/** The stamps that a signature has. */
function stampsOf(data: SignatureData): Stamps {
  return Object.fromEntries(namesIn(data).map((name) => [name, data.options?.[name]]));
}

function namesIn({ options }: SignatureData): readonly string[] {
  const names = options?.['stamped_headers'];
  return Array.isArray(names) ? names.filter((name): name is string => typeof name === 'string') : [];
}
