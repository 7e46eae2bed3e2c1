import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { closeSync, writeSync } from 'node:fs';
import { openNamelessFile } from '../src/nameless-file.ts';
import { NotePad, readNotes } from '../src/notepad.ts';

let fd: number;
beforeEach(() => {
  fd = openNamelessFile();
});
afterEach(() => closeSync(fd));

const line = (value: unknown): string => `${JSON.stringify({ value })}\n`;
const values = (): unknown[] => readNotes(fd).map((note) => (note as unknown as { value: unknown }).value);

test('notes are read in their order, as often as one likes', () => {
  const pad = new NotePad(fd);
  expect(values()).toEqual([]);
  pad.write(line(1));
  pad.write(line('zwölf'));
  expect(values()).toEqual([1, 'zwölf']);
  expect(values()).toEqual([1, 'zwölf']);
});

test('after the page was turned, what stood below the new notes is not read', () => {
  const pad = new NotePad(fd);
  for (let i = 0; i < 10; i++) pad.write(line(`old ${i}`));
  pad.turn();
  pad.write(line('new'));
  expect(values()).toEqual(['new']);
});

test('many long notes are read whole', () => {
  const pad = new NotePad(fd);
  const long = Array.from({ length: 40 }, (_, i) => 'ä'.repeat(1500) + i);
  for (const one of long) pad.write(line(one));
  expect(values()).toEqual(long);
});

test('a page without an end mark is read to its end', () => {
  writeSync(fd, '0 {"value":"only"} 0\n', 0);
  expect(values()).toEqual(['only']);
});

test('a note that its writer has not finished is not read, nor mixed with an older one', () => {
  const pad = new NotePad(fd);
  for (let i = 0; i < 3; i++) pad.write(line(`old ${'o'.repeat(100)}`));
  pad.turn();
  pad.write(line('first'));
  const whole = Buffer.from(`4 ${JSON.stringify({ value: `new ${'n'.repeat(100)}` })} 4\n\0`);
  const first = Buffer.byteLength('3 {"value":"first"} 3\n');
  for (let torn = 1; torn < whole.length - 2; torn++) {
    writeSync(fd, whole, 0, torn, first);
    expect(values().filter((value) => !String(value).startsWith('old o'))).toEqual(['first']);
    expect(values().filter((value) => String(value).includes('n'))).toEqual([]);
  }
});
