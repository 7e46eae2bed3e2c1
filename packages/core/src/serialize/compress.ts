import type * as Zlib from 'node:zlib';
import { DecodeError, ImproperlyConfigured } from '../errors.ts';

/** A small message can hold a huge body; reading one ends here. */
export const MAX_DECOMPRESSED = 256 * 1024 * 1024;

export interface Compressed {
  /** For the message header `compression`. */
  readonly header: string;
  readonly bytes: Uint8Array;
}

type Pack = (bytes: Uint8Array) => Uint8Array;
type Unpack = (bytes: Uint8Array, limit: { readonly maxOutputLength: number }) => Uint8Array;

interface Method {
  readonly header: string;
  /** What settings and options may say; peers also put these into the header. */
  readonly names: readonly string[];
  readonly pack?: Pack | undefined;
  readonly unpack?: Unpack | undefined;
  /** Why it can't be used, when it can't. */
  readonly missing?: string;
}

/** Node.js has zstd since 22.15. */
type Tools = typeof Zlib & { readonly zstdCompressSync?: Pack; readonly zstdDecompressSync?: Unpack };

const NO_LIBRARY = 'no maintained library for Node.js reads and writes';
// Brotli's own default, 11, takes many times as long for a few percent.
const BROTLI_QUALITY = 5;

/** Packs a body by the name of a method, as in the setting `taskCompression`. */
export function compress(name: string, bytes: Uint8Array): Compressed {
  const method = find(name);
  if (!method?.pack) {
    throw new ImproperlyConfigured(
      `Compression "${name}" ${method?.missing ?? 'is unknown'}. Use ${usable()}.`,
    );
  }
  return { header: method.header, bytes: method.pack(bytes) };
}

/** Unpacks a body by its header `compression`. */
export function decompress(
  header: string,
  bytes: Uint8Array,
  options: { readonly maxBytes?: number } = {},
): Uint8Array {
  const method = find(header);
  if (!method?.unpack) {
    const why = method?.missing ?? 'is unknown';
    throw new DecodeError(
      `The body is compressed with "${header}", which ${why}. Understood are ${usable()}.`,
    );
  }
  const maxOutputLength = options.maxBytes ?? MAX_DECOMPRESSED;
  try {
    return method.unpack(bytes, { maxOutputLength });
  } catch (error) {
    const tooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    const why = tooLarge ? `has more than ${maxOutputLength} bytes` : 'is damaged';
    throw new DecodeError(`The body compressed with "${header}" ${why}.`, { cause: error });
  }
}

let known: readonly Method[] | undefined;

/** node:zlib is loaded for the first compressed body, not at start-up. */
function methods(): readonly Method[] {
  known ??= methodsOf(process.getBuiltinModule('node:zlib'));
  return known;
}

function methodsOf(zlib: Tools): readonly Method[] {
  const params = { [zlib.constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY };
  return [
    {
      // Celery's "gzip" is a zlib stream. A real gzip file is understood too.
      header: 'application/x-gzip',
      names: ['gzip', 'zlib'],
      pack: (bytes) => zlib.deflateSync(bytes),
      unpack: (bytes, limit) => zlib.unzipSync(bytes, limit),
    },
    {
      header: 'application/x-brotli',
      names: ['brotli'],
      pack: (bytes) => zlib.brotliCompressSync(bytes, { params }),
      unpack: (bytes, limit) => zlib.brotliDecompressSync(bytes, limit),
    },
    {
      header: 'application/zstd',
      names: ['zstd', 'zstandard'],
      pack: zlib.zstdCompressSync,
      unpack: zlib.zstdDecompressSync,
      missing: 'needs Node.js 22.15 or newer',
    },
    { header: 'application/x-bz2', names: ['bzip2', 'bzip'], missing: NO_LIBRARY },
    { header: 'application/x-lzma', names: ['lzma', 'xz'], missing: NO_LIBRARY },
  ];
}

function find(name: string): Method | undefined {
  return methods().find((method) => method.header === name || method.names.includes(name));
}

function usable(): string {
  return methods()
    .filter(({ pack }) => pack !== undefined)
    .flatMap(({ names }) => names)
    .join(', ');
}
