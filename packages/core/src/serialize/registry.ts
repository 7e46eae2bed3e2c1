import { Buffer } from 'node:buffer';
import { ContentDisallowed, DecodeError, ImproperlyConfigured } from '../errors.ts';
import type { Encoded, Serializer } from '../types/serializer.ts';
import { decodeJson, jsonSerializer } from './json.ts';
import { msgpackSerializer } from './msgpack.ts';
import { rawSerializer } from './raw.ts';
import { yamlSerializer } from './yaml.ts';

const PICKLE = ['pickle', 'application/x-python-serialize'];
const NO_PICKLE =
  'Pickle runs code of the sender when it is read, so tq never reads or writes it. Let the Python side use task_serializer = "json".';

// What Python calls UTF-8 and its subset; nothing and `binary` mean that the serializer knows.
const UTF_8 = ['', 'utf-8', 'utf8', 'us-ascii', 'ascii', 'binary'];

/** A body, and what its message says of it. */
export interface RewrittenBody {
  readonly body: Uint8Array;
  readonly contentType: string;
  readonly contentEncoding: 'utf-8' | 'binary';
}

/** The serializers of an app, by name and by content type. json, msgpack, yaml and raw are built in. */
export class Serializers {
  readonly #byName = new Map<string, Serializer>();

  /** `from` is the folder where optional packages are looked for. */
  constructor(from: () => string = () => process.cwd()) {
    for (const serializer of [jsonSerializer, yamlSerializer(from), msgpackSerializer, rawSerializer])
      this.register(serializer);
  }

  /** Adds a serializer, or puts another in its place. Child processes need it too: call this where the app is made. */
  register(serializer: Serializer): void {
    const { name, contentType } = serializer;
    if (isPickle(name) || isPickle(contentType)) throw new ImproperlyConfigured(NO_PICKLE);
    this.#byName.set(name, serializer);
    this.#byName.set(contentType, serializer);
  }

  /** By name or content type, as in the setting `taskSerializer`. */
  forSending(name: string): Serializer {
    const serializer = this.#byName.get(name);
    if (serializer) return serializer;
    if (isPickle(name)) throw new ImproperlyConfigured(NO_PICKLE);
    throw new ImproperlyConfigured(
      `No serializer is called ${JSON.stringify(name)}. Known are: ${this.names.join(', ')}.`,
    );
  }

  /**
   * The serializer for what a message says of itself. `accept` lists names and content types; as in Celery they are
   * compared letter by letter.
   */
  forReceiving(
    contentType: string | undefined,
    contentEncoding: string | undefined,
    accept: readonly string[],
  ): Serializer {
    if (contentType === undefined || contentType === '') {
      throw new DecodeError('The message has no content type, so its body can not be read.');
    }
    if (isPickle(contentType)) throw new ContentDisallowed(contentType, NO_PICKLE);
    const serializer = this.#byName.get(contentType);
    if (!accept.includes(contentType) && !(serializer && accept.includes(serializer.name))) {
      throw new ContentDisallowed(contentType);
    }
    if (!serializer) throw new DecodeError(`No serializer for content of type ${contentType} is registered.`);
    if (serializer.contentEncoding === 'utf-8' && !UTF_8.includes((contentEncoding ?? '').toLowerCase())) {
      throw new DecodeError(
        `Content of type ${contentType} in ${contentEncoding} can not be read, only utf-8.`,
      );
    }
    return serializer;
  }

  /** A body written again, in the format that its message has: what a retry with other arguments sends. */
  rewrite(body: Encoded, contentType: string | undefined): RewrittenBody {
    const serializer = this.#byName.get(contentType ?? '') ?? jsonSerializer;
    const bytes = serializer === jsonSerializer ? Buffer.from(body) : serializer.encode(decodeJson(body));
    return { body: bytes, contentType: serializer.contentType, contentEncoding: serializer.contentEncoding };
  }

  get names(): readonly string[] {
    return [...new Set([...this.#byName.values()].map(({ name }) => name))];
  }
}

function isPickle(name: string): boolean {
  return PICKLE.includes(name);
}
