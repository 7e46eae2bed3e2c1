import { connect } from 'amqplib';
import { describe, expect, test } from '@jest/globals';
import type { Delivery } from '@tq/core';
import { eventually, message, serviceUrl, uniqueName } from '@tq/testkit';
import { encodeFields } from '../src/fields.ts';
import { putRight } from '../src/poison.ts';
import { afterwards, open } from './support/open.ts';

describe('header integers', () => {
  test('are written with 32 bits, or 64 where they must be: older Python workers misread anything smaller', () => {
    expect(encodeFields({ retries: 0, timelimit: [300, null], eta: null, big: 2 ** 40, half: 0.5 })).toEqual({
      retries: { '!': 'int32', value: 0 },
      timelimit: [{ '!': 'int32', value: 300 }, null],
      eta: null,
      big: { '!': 'int64', value: 2 ** 40 },
      half: { '!': 'double', value: 0.5 },
    });
  });

  test('a header that looks like the library’s notation stays what it is', async () => {
    const channel = await (await open()).openChannel();
    const { name } = await channel.declareQueue({ name: uniqueName('fields'), autoDelete: true });
    const headers = {
      odd: { '!': 'int8', value: 'text' },
      bytes: Buffer.from('ab'),
      none: undefined,
      nan: NaN,
    };
    await channel.publish({ ...message('a'), headers }, { exchange: '', routingKey: name });
    const seen: Delivery[] = [];
    await channel.consume(name, (delivery) => seen.push(delivery), { noAck: true });
    await eventually(() => seen.length === 1);
    expect(seen[0]!.message.headers).toEqual({
      odd: { '!': 'int8', value: 'text' },
      bytes: Buffer.from('ab'),
      nan: 'NaN',
    });
  });
});

describe('headers the client library can’t read', () => {
  /** A header frame with one header, whose type tag is given. */
  function frame(tag: string, value: Buffer): Buffer {
    const entry = Buffer.concat([Buffer.from([1]), Buffer.from(`k${tag}`), value]);
    const size = Buffer.alloc(4);
    size.writeUInt32BE(entry.length);
    const payload = Buffer.concat([Buffer.from([0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x20, 0]), size, entry]);
    const head = Buffer.from([2, 0, 1, 0, 0, 0, payload.length]);
    return Buffer.concat([head, payload, Buffer.from([0xce])]);
  }

  test('a Python 64-bit integer is read as one', () => {
    const bytes = frame('L', Buffer.from([0, 0, 1, 0, 0, 0, 0, 0]));
    expect(putRight(bytes)).toBe(true);
    expect(bytes.equals(frame('l', Buffer.from([0, 0, 1, 0, 0, 0, 0, 0])))).toBe(true);
  });

  test('anything else becomes one nameless header', () => {
    const bytes = frame('?', Buffer.from('abcd'));
    expect(putRight(bytes)).toBe(true);
    expect(bytes.subarray(25, 31)).toEqual(Buffer.from([0, 'x'.charCodeAt(0), 0, 0, 0, 1]));
  });

  test('other frames are left alone', () => {
    expect(putRight(Buffer.from([1, 0, 1, 0, 0, 0, 0, 0xce]))).toBe(false);
    expect(putRight(Buffer.alloc(0))).toBe(false);
  });

  test('such a message is delivered, and the connection lives on', async () => {
    const [connection, other] = [await open(), await connect(serviceUrl('amqp').href)];
    afterwards(() => other.close());
    const channel = await connection.openChannel();
    const { name } = await channel.declareQueue({ name: uniqueName('poison'), autoDelete: true });
    const seen: Delivery[] = [];
    await channel.consume(name, (delivery) => seen.push(delivery), { noAck: true });
    const sender = await other.createChannel();
    // The library writes no such tag either, so the one it writes is replaced in what it has encoded.
    const buffer = (
      other.connection as unknown as { channels: { buffer: { write(data: Buffer): boolean } }[] }
    ).channels[1]!.buffer;
    const write = buffer.write.bind(buffer);
    buffer.write = (data) => {
      const at = data.indexOf(Buffer.from('\u0003bigl'));
      if (at > 0) data[at + 4] = 'L'.charCodeAt(0);
      return write(data);
    };
    sender.publish('', name, Buffer.from('x'), { headers: { big: { '!': 'int64', value: 2 ** 40 } } });
    await eventually(() => seen.length === 1);
    expect(seen[0]!.message.headers).toEqual({ big: 2 ** 40 });
    await channel.publish(message('next'), { exchange: '', routingKey: name });
    await eventually(() => seen.length === 2);
  });
});
