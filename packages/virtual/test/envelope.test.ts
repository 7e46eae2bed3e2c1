import { DecodeError } from '@tq/core';
import { richMessage } from '@tq/testkit';
import { decodeEnvelope, encodeEnvelope } from '@tq/virtual';

const found = { queue: 'found-here' };

const plain = {
  body: Buffer.from('[[2, 3], {}, {}]').toString('base64'),
  'content-encoding': 'utf-8',
  'content-type': 'application/json',
  headers: { task: 'proj.add', id: 'id-1' },
  properties: {
    correlation_id: 'id-1',
    reply_to: 'oid',
    delivery_mode: 2,
    delivery_info: { exchange: '', routing_key: 'w' },
    priority: 12,
    body_encoding: 'base64',
    delivery_tag: 'tag-1',
  },
};

const decoded = (change: object) => decodeEnvelope(JSON.stringify({ ...plain, ...change }), found);
const withProperties = (properties: object) =>
  decoded({ properties: { ...plain.properties, ...properties } });
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

describe('writing envelopes', () => {
  test('what is written is read back as it was', () => {
    const envelope = { message: richMessage, exchange: 'ex', routingKey: 'a.b' };
    const { envelope: back, ...mark } = decodeEnvelope(encodeEnvelope(envelope, { deliveryTag: 't' }), found);
    expect(mark).toEqual({ deliveryTag: 't', redelivered: false });
    expect([...back.message.body]).toEqual([...richMessage.body]);
    expect({ ...back, message: { ...back.message, body: richMessage.body } }).toEqual(envelope);
  });

  test('an envelope of a Python peer is written back in its own words', () => {
    const { envelope, deliveryTag } = decoded({});
    expect(JSON.parse(encodeEnvelope(envelope, { deliveryTag: deliveryTag! }))).toEqual(plain);
  });

  test('a message without a content type gets one: a Python worker would end without', () => {
    const message = { body: Buffer.from('x'), headers: {}, properties: {} };
    const json = JSON.parse(encodeEnvelope({ message, exchange: '', routingKey: 'q' }, { deliveryTag: 't' }));
    expect(json).toMatchObject({
      'content-type': 'application/data',
      'content-encoding': 'binary',
      headers: {},
      properties: {
        delivery_tag: 't',
        body_encoding: 'base64',
        delivery_info: { exchange: '', routing_key: 'q' },
      },
    });
  });

  test('the mark of redelivery stands where peers look for it, and is no header for the reader', () => {
    const { envelope } = decoded({});
    const again = encodeEnvelope(envelope, { deliveryTag: 't', redelivered: true });
    expect(JSON.parse(again)).toMatchObject({
      headers: { redelivered: true },
      properties: { delivery_info: { redelivered: true } },
    });
    const back = decodeEnvelope(again, found);
    expect(back.redelivered).toBe(true);
    expect(back.envelope.message.headers).toEqual(plain.headers);
  });

  test('dates and bytes in headers travel as Celery’s JSON writes them', () => {
    const when = new Date('2026-11-22T16:03:41.461Z');
    const message = { ...richMessage, headers: { when } };
    const back = decodeEnvelope(
      encodeEnvelope({ message, exchange: '', routingKey: 'q' }, { deliveryTag: 't' }),
      found,
    );
    expect(back.envelope.message.headers['when']).toEqual(when);
  });
});

describe('reading envelopes', () => {
  test.each([
    ['body_encoding absent', undefined],
    ['body_encoding null', null],
    ['body_encoding utf-8', 'utf-8'],
  ])('a body in plain text is read: %s', (_, encoding) => {
    const { envelope } = decoded({
      body: '[["naïve 😀"], {}, {}]',
      properties: { ...plain.properties, body_encoding: encoding },
    });
    expect(text(envelope.message.body)).toBe('[["naïve 😀"], {}, {}]');
  });

  test('an integer tag is read as text, a missing one is missing', () => {
    expect(withProperties({ delivery_tag: 7 }).deliveryTag).toBe('7');
    expect(withProperties({ delivery_tag: undefined }).deliveryTag).toBeUndefined();
  });

  test.each([
    ['no delivery_info', { ...plain.properties, delivery_info: undefined }],
    ['an empty delivery_info', { ...plain.properties, delivery_info: {} }],
    ['delivery_info that is no object', { ...plain.properties, delivery_info: 'w' }],
  ])('an address that is missing is the queue it was found in: %s', (_, properties) => {
    expect(decoded({ properties }).envelope).toMatchObject({ exchange: '', routingKey: 'found-here' });
  });

  test('without properties, headers and content type there is still a message', () => {
    const { envelope, deliveryTag, redelivered } = decodeEnvelope('{"body": "hello"}', found);
    expect(envelope.message).toEqual({ body: Buffer.from('hello'), headers: {}, properties: {} });
    expect([deliveryTag, redelivered]).toEqual([undefined, false]);
  });

  test('properties of the wrong type are left out, numbers as identifiers are taken', () => {
    const { properties } = withProperties({ priority: 'high', reply_to: {}, correlation_id: 5 }).envelope
      .message;
    expect(properties.priority).toBeUndefined();
    expect(properties.replyTo).toBeUndefined();
    expect(properties.correlationId).toBe('5');
  });

  test('only the mark itself is taken from the headers', () => {
    expect(decoded({ headers: { redelivered: 'no' } }).envelope.message.headers).toEqual({
      redelivered: 'no',
    });
    expect(decoded({ headers: { redelivered: true, a: 1 } })).toMatchObject({
      redelivered: true,
      envelope: { message: { headers: { a: 1 } } },
    });
  });

  test('keys of the prototype are just keys', () => {
    const { envelope } = decodeEnvelope('{"body":"x","headers":{"__proto__":{"polluted":true}}}', found);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    expect((envelope.message.headers as { polluted?: boolean }).polluted).toBeUndefined();
  });

  test.each([
    ['no JSON', 'not json {'],
    ['nothing', ''],
    ['a JSON array', '[1, 2]'],
    ['null', 'null'],
    ['no body', '{"headers": {}}'],
    ['a body that is a list', JSON.stringify({ ...plain, body: [[2, 3], {}, {}] })],
    ['a body that isn’t base64', JSON.stringify({ ...plain, body: 'not base64!' })],
    ['an unknown body_encoding', JSON.stringify({ body: 'x', properties: { body_encoding: 'rot13' } })],
    ['thousands of levels', '['.repeat(100_000)],
  ])('what has no readable body is refused with a DecodeError: %s', (_, envelope) => {
    expect(() => decodeEnvelope(envelope, found)).toThrow(DecodeError);
  });
});
