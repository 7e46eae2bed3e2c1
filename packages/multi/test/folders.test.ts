import { lchownSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeFolder } from '../src/folders.ts';

let folder: string;
let mask: number;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tq-folder-'));
  mask = process.umask(0);
});
afterEach(() => {
  process.umask(mask);
  rmSync(folder, { recursive: true, force: true });
});

test('is made with those above it, and only its owner may write there', () => {
  expect(makeFolder(join(folder, 'a/b/c'))).toBe(true);
  for (const path of ['a', 'a/b', 'a/b/c']) expect(statSync(join(folder, path)).mode & 0o777).toBe(0o755);
  expect(makeFolder(join(folder, 'a/b/c'))).toBe(false);
});

test('one that is there stays as it is', () => {
  mkdirSync(join(folder, 'open'), { mode: 0o777 });
  makeFolder(join(folder, 'open'));
  expect(statSync(join(folder, 'open')).mode & 0o777).toBe(0o777);
});

test("a link of one's own is meant", () => {
  mkdirSync(join(folder, 'real'));
  symlinkSync('real', join(folder, 'link'));
  expect(makeFolder(join(folder, 'link'))).toBe(false);
});

const asRoot = process.getuid?.() === 0 ? test : test.skip;
asRoot('a link of another user is not followed', () => {
  mkdirSync(join(folder, 'real'));
  symlinkSync('real', join(folder, 'link'));
  lchownSync(join(folder, 'link'), 12_345, 12_345);
  expect(() => makeFolder(join(folder, 'link'))).toThrow(/is a link that user 12345 has made/);
});

test('what can not be made is a sentence with a way out', () => {
  writeFileSync(join(folder, 'file'), '');
  symlinkSync('nowhere', join(folder, 'dangling'));
  for (const path of ['file', 'file/below', 'dangling'])
    expect(() => makeFolder(join(folder, path))).toThrow(
      expect.objectContaining({ code: 'TQ_CANT_CREATE', message: expect.stringContaining('is in the way') }),
    );
});

const onLinux = process.platform === 'linux' ? test : test.skip;
onLinux('where the system takes no folders, it ends with a sentence too', () => {
  expect(() => makeFolder('/proc/tq/run')).toThrow(
    /^Can't make the folder \/proc\/tq\/run: .*name another one\.$/,
  );
});
