import { createRequire } from 'node:module';
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { Sql, openDatabase } from '../src/database.ts';
import { fileUrl, pathOf, testFolder } from './folder.ts';

const folder = testFolder();
const libsql = createRequire(import.meta.url).resolve('libsql');

test.each([
  ['a module that is the class', `module.exports = require(${JSON.stringify(libsql)});`],
  ['a module with the class as its default', `exports.default = require(${JSON.stringify(libsql)});`],
])('another binding of the same shape can take libsql’s place: %s', (_, source) => {
  const module = join(folder, `binding-${Math.random()}.cjs`);
  writeFileSync(module, source);
  const sql = new Sql(openDatabase(pathOf(fileUrl(folder)), module));
  sql.exec('CREATE TABLE t(a, b)');
  expect(sql.run('INSERT INTO t VALUES(?, ?)', 1, new Uint8Array([0, 255]))).toBe(1);
  expect(sql.all('SELECT a, b FROM t')).toEqual([[1, Buffer.from([0, 255])]]);
  sql.close();
});

test('a transaction is kept whole or not at all, and memory learns only of what was kept', () => {
  const sql = new Sql(openDatabase(pathOf(fileUrl(folder)), 'libsql'));
  sql.exec('CREATE TABLE t(a)');
  const learnt: string[] = [];
  const write = (text: string): void => {
    sql.run('INSERT INTO t VALUES(?)', text);
    sql.afterCommit(() => learnt.push(text));
    sql.afterRollback(() => learnt.push(`not ${text}`));
  };
  const failing = (): void =>
    sql.transaction(() => {
      write('lost');
      throw new Error('no');
    });
  expect(failing).toThrow('no');
  sql.transaction(() => {
    write('kept');
    expect(learnt).toEqual(['not lost']);
  });
  expect(learnt).toEqual(['not lost', 'kept']);
  expect(sql.all('SELECT a FROM t')).toEqual([['kept']]);
  sql.close();
});
