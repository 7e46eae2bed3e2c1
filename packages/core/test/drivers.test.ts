import { ImproperlyConfigured, MissingPackage } from '@tq/core';
import { findBackend, findTransport } from '../src/drivers.ts';
import { importOptional } from '../src/optional-package.ts';
import { memory } from '@tq/memory';

test('a scheme leads to the package that knows it', async () => {
  expect(await findTransport(new URL('memory://x'), process.cwd())).toBe(memory);
  expect(await findBackend(new URL('memory://x'), process.cwd())).toHaveProperty('connect');
});

test('an unknown scheme is refused with the nearest one and the list', async () => {
  const finding = findTransport(new URL('radis://host'), process.cwd());
  await expect(finding).rejects.toThrow(ImproperlyConfigured);
  await expect(finding).rejects.toThrow(
    'No driver knows the broker URL scheme "radis://". Did you mean redis://? tq has sqlite://, memory://, amqp://',
  );
  await expect(findBackend(new URL('mongodb://host'), process.cwd())).rejects.toThrow(
    'No driver knows the result backend URL scheme "mongodb://".',
  );
  await expect(findTransport(new URL('constructor://x'), process.cwd())).rejects.toThrow(
    ImproperlyConfigured,
  );
});

test('a package that is not installed is named in one sentence', async () => {
  const sentence = 'The broker URL "amqp://" needs the package tq-absent: npm install tq-absent';
  const importing = importOptional('tq-absent', process.cwd(), sentence);
  await expect(importing).rejects.toThrow(MissingPackage);
  await expect(importing).rejects.toMatchObject({
    message: sentence,
    packageName: 'tq-absent',
    code: 'TQ_MISSING_PACKAGE',
  });
});
