/** A value with its AMQP type, as the client library wants to hear it. */
interface Typed {
  readonly '!': string;
  readonly value: unknown;
}

const INT32 = 0x7fffffff;

/**
 * Headers or arguments for the wire. Integers are always 32 bits, or 64 where they must: the library would choose the
 * smallest type, and py-amqp before 5.4 misreads those. Spec: message.md 10.
 */
export function encodeFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const table: Record<string, unknown> = {};
  for (const key of Object.keys(fields)) {
    const value = fields[key];
    table[key] = typeof value === 'string' || value === null ? value : encode(value);
  }
  return table;
}

function encode(value: unknown): unknown {
  switch (typeof value) {
    case 'number':
      return encodeNumber(value);
    case 'bigint':
      return BigInt.asIntN(64, value) === value ? typed('int64', value) : String(value);
    case 'object':
      return value === null ? null : encodeObject(value);
    case 'string':
    case 'boolean':
    case 'undefined':
      return value;
    case 'function':
    case 'symbol':
      return undefined;
  }
}

function encodeNumber(value: number): Typed | string {
  // Erlang has no such numbers: RabbitMQ would close the connection.
  if (!Number.isFinite(value)) return String(value);
  if (!Number.isInteger(value)) return typed('double', value);
  if (value >= -INT32 && value <= INT32) return typed('int32', value);
  return Number.isSafeInteger(value) ? typed('int64', value) : typed('double', value);
}

function encodeObject(value: object): unknown {
  if (Array.isArray(value)) return value.map((each: unknown) => encode(each) ?? null);
  if (value instanceof Uint8Array) return Buffer.isBuffer(value) ? value : Buffer.from(value);
  if (value instanceof Date) return typed('timestamp', Math.floor(value.getTime() / 1000));
  const marked = value as Partial<Typed>;
  if (!Object.hasOwn(value, '!')) return encodeFields(value as Record<string, unknown>);
  // What the library read as one of these goes back as it came; any other table with such a key is a table.
  if (marked['!'] === 'timestamp' || marked['!'] === 'decimal') return value;
  return typed('object', encodeFields(value as Record<string, unknown>));
}

const typed = (type: string, value: unknown): Typed => ({ '!': type, value });
