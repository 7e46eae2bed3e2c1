/**
 * YAML as PyYAML's safe loader and dumper have it: YAML 1.1, dates and bytes besides what JSON has. Written in flow style by
 * tq itself, read by the package `yaml`, which the application installs.
 */
import { Buffer } from 'node:buffer';
import { DecodeError } from '../errors.ts';
import { isIsoDate, parseIso } from '../message/dates.ts';
import { requireOptional } from '../optional-package.ts';
import type { Serializer } from '../types/serializer.ts';
import { PlainDate } from '../values.ts';
import { utf8Text } from './utf8.ts';
import { ValueWriter } from './value-writer.ts';
import { yamlForm } from './yaml-form.ts';

const MISSING = 'Reading YAML needs the package yaml: npm install yaml';

/** What of the package `yaml` is used. */
interface YamlPackage {
  parseDocument(text: string, options: object): YamlDocument;
}

interface YamlDocument {
  readonly errors: readonly Error[];
  /** Tags that nobody knows, among others. */
  readonly warnings: readonly Error[];
  toJS(options: object): unknown;
}

interface ScalarTag {
  readonly tag: string;
  readonly default: boolean;
  readonly test?: RegExp;
  resolve(text: string, onError: (message: string) => void): unknown;
}

/** `from` is the folder where the application's packages are looked for. */
export function yamlSerializer(from: () => string): Serializer {
  let loaded: YamlPackage | undefined;
  return {
    name: 'yaml',
    contentType: 'application/x-yaml',
    contentEncoding: 'utf-8',
    encode: (value) => Buffer.from(`${new ValueWriter(yamlForm, '').write(value)}\n`, 'utf8'),
    decode(bytes) {
      loaded ??= requireOptional('yaml', from(), MISSING) as unknown as YamlPackage;
      return read(loaded, utf8Text(bytes, 'YAML'));
    },
  };
}

function read(yaml: YamlPackage, text: string): unknown {
  try {
    const document = yaml.parseDocument(text, OPTIONS);
    const [error] = [...document.errors, ...document.warnings];
    if (error) throw error;
    return document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new DecodeError(`The YAML text can not be read: ${why}`, { cause: error });
  }
}

/** Few bytes can mean many values; PyYAML writes an alias for every repeated object. */
const MAX_ALIASES = 100_000;

/** The patterns are PyYAML's: what it writes without quotes must be read as text, and the other way round. */
const TAGS: readonly ScalarTag[] = [
  scalar('null', /^(?:~|null|Null|NULL|)$/, () => null),
  scalar('bool', /^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$/, () => true),
  scalar('bool', /^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$/, () => false),
  scalar(
    'int',
    /^[-+]?(?:0b[01_]+|0[0-7_]+|0|[1-9][\d_]*|0x[\da-fA-F_]+|[1-9][\d_]*(?::[0-5]?\d)+)$/,
    integer,
  ),
  scalar(
    'float',
    /^(?:[-+]?\d[\d_]*\.[\d_]*(?:[eE][-+]\d+)?|\.[\d][\d_]*(?:[eE][-+]\d+)?|[-+]?\d[\d_]*(?::[0-5]?\d)+\.[\d_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/,
    float,
  ),
  scalar(
    'timestamp',
    /^\d{4}-\d\d?-\d\d?(?:(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d\d?(?::?\d\d)?))?)?$/,
    moment,
  ),
  { ...scalar('binary', /^$/, bytes), default: false },
];

const OPTIONS = {
  version: '1.1',
  schema: 'failsafe',
  customTags: (tags: readonly unknown[]): readonly unknown[] => [
    ...tags,
    ...TAGS,
    'merge',
    'set',
    'omap',
    'pairs',
  ],
  merge: true,
  uniqueKeys: false,
  logLevel: 'error', // 'silent' would let a second document pass
  prettyErrors: false,
};

function scalar(name: string, test: RegExp, resolve: ScalarTag['resolve']): ScalarTag {
  return { tag: `tag:yaml.org,2002:${name}`, default: true, test, resolve };
}

function integer(text: string): number | bigint {
  const digits = text.replaceAll('_', '');
  const sign = digits.startsWith('-') ? -1n : 1n;
  const size = sizeOf(digits.replace(/^[-+]/, '')) * sign;
  const number = Number(size);
  return Number.isSafeInteger(number) ? number : size;
}

function sizeOf(digits: string): bigint {
  if (digits.includes(':')) return digits.split(':').reduce((sum, part) => sum * 60n + BigInt(part), 0n);
  return BigInt(/^0\d/.test(digits) ? `0o${digits.slice(1)}` : digits);
}

function float(text: string): number {
  const digits = text.replaceAll('_', '').toLowerCase();
  if (digits.endsWith('.nan')) return Number.NaN;
  const sign = digits.startsWith('-') ? -1 : 1;
  const size = digits.replace(/^[-+]/, '');
  if (size === '.inf') return sign * Number.POSITIVE_INFINITY;
  return sign * size.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
}

/** A day, or a moment; without an offset it is UTC. */
function moment(text: string, onError: (message: string) => void): unknown {
  if (isIsoDate(text)) return PlainDate.from(text);
  const ms = parseIso(normalized(text));
  if (ms !== undefined) return new Date(Math.floor(ms));
  onError(`${text} is no date.`);
  return text;
}

/** `2024-2-9 1:02:03.5 +1` → `2024-02-09T01:02:03.5+01` */
function normalized(text: string): string {
  const [, day = '', time = '', zone = ''] =
    /^([\d-]+)(?:[Tt\s]+([\d:.]+?)\.?\s*(Z|[-+][\d:]+)?)?$/.exec(text) ?? [];
  const padded = (parts: string, by: string): string =>
    parts
      .split(by)
      .map((part) => part.padStart(2, '0'))
      .join(by);
  const offset = zone === '' || zone === 'Z' ? zone : `${zone.charAt(0)}${padded(zone.slice(1), ':')}`;
  return time === '' ? padded(day, '-') : `${padded(day, '-')}T${padded(time, ':')}${offset}`;
}

function bytes(text: string, onError: (message: string) => void): unknown {
  const base64 = text.replaceAll(/\s/g, '');
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) onError('!!binary is not base64.');
  return Buffer.from(base64, 'base64');
}
