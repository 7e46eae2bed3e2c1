import { ContentDisallowed, DecodeError, ImproperlyConfigured } from '../../src/errors.ts';
import { Serializers } from '../../src/serialize/registry.ts';
import type { Serializer } from '../../src/types/serializer.ts';

const toml: Serializer = {
  name: 'toml',
  contentType: 'application/toml',
  contentEncoding: 'utf-8',
  encode: (value) => Buffer.from(String(value)),
  decode: String,
};
const PICKLE = 'application/x-python-serialize';

test('json is found by name and by content type', () => {
  const serializers = new Serializers();
  expect(serializers.forSending('json')).toBe(serializers.forSending('application/json'));
  expect(serializers.forSending('json')).toMatchObject({
    contentType: 'application/json',
    contentEncoding: 'utf-8',
  });
});

test('a registered serializer is used both ways', () => {
  const serializers = new Serializers();
  serializers.register(toml);
  expect(serializers.forSending('toml')).toBe(toml);
  expect(serializers.forReceiving('application/toml', 'utf-8', ['json', 'toml'])).toBe(toml);
  expect(serializers.names).toEqual(['json', 'yaml', 'msgpack', 'raw', 'toml']);
});

test('the accept list may hold names or content types', () => {
  const serializers = new Serializers();
  for (const accept of [['json'], ['application/json'], ['msgpack', 'json']]) {
    expect(serializers.forReceiving('application/json', 'utf-8', accept).name).toBe('json');
  }
});

test.each(['application/x-yaml', 'application/json; charset=utf-8', 'APPLICATION/JSON', 'json'])(
  'content of type %j is not in the accept list',
  (type) => {
    expect(() => new Serializers().forReceiving(type, 'utf-8', ['application/json'])).toThrow(
      ContentDisallowed,
    );
  },
);

test('an accepted type without a serializer is a decode error', () => {
  expect(() => new Serializers().forReceiving('application/toml', 'utf-8', ['application/toml'])).toThrow(
    DecodeError,
  );
});

test('a message without a content type is a decode error', () => {
  expect(() => new Serializers().forReceiving(undefined, undefined, ['json'])).toThrow(DecodeError);
});

test('an absent encoding is fine, another than UTF-8 is not', () => {
  const serializers = new Serializers();
  for (const encoding of [undefined, '', 'UTF-8', 'utf8', 'us-ascii', 'binary']) {
    expect(serializers.forReceiving('application/json', encoding, ['json']).name).toBe('json');
  }
  expect(() => serializers.forReceiving('application/json', 'utf-16', ['json'])).toThrow(/utf-16/);
});

test('pickle is refused with the reason, even when it is accepted', () => {
  const serializers = new Serializers();
  const receive = (): unknown => serializers.forReceiving(PICKLE, 'binary', ['pickle', PICKLE]);
  expect(receive).toThrow(ContentDisallowed);
  expect(receive).toThrow(/runs code of the sender/);
  expect(() => serializers.forSending('pickle')).toThrow(/runs code of the sender/);
  expect(() => serializers.register({ ...toml, contentType: PICKLE })).toThrow(ImproperlyConfigured);
});

test('an unknown name says which are known', () => {
  expect(() => new Serializers().forSending('jsn')).toThrow(ImproperlyConfigured);
  expect(() => new Serializers().forSending('jsn')).toThrow(/"jsn".*json/);
});
