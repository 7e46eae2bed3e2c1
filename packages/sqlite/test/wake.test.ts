import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually } from '@tq/testkit';
import type { Sql } from '../src/database.ts';
import { openFile } from '../src/open-file.ts';
import { Wake } from '../src/wake.ts';
import { fileUrl, pathOf, testFolder } from './folder.ts';

const folder = testFolder();
const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0).reverse()) end();
});

async function open(file: string): Promise<Sql> {
  const sql = await openFile({
    file,
    driver: 'libsql',
    synchronous: 'normal',
    maxBytes: undefined,
    busyMs: 1000,
    timeoutMs: 5000,
  });
  ends.push(() => sql.close());
  return sql;
}

describe.each([
  ['in a folder that can be watched', (file: string) => file],
  ['where nothing can be watched', () => '/no/such/folder/queue.db'],
])('%s', (_, watched) => {
  test('writes of others are told of, own ones aren’t, and each once', async () => {
    const file = pathOf(fileUrl(folder));
    const [mine, theirs] = [await open(file), await open(file)];
    let changes = 0;
    const wake = new Wake({ sql: mine, file: watched(file), onChange: () => changes++ });
    ends.push(() => wake.stop());
    wake.start();
    expect(changes).toBe(1); // whatever was written before
    mine.run("INSERT INTO queue(name) VALUES('mine')");
    theirs.run("INSERT INTO queue(name) VALUES('theirs')");
    await eventually(() => changes === 2, { what: 'the change' });
    mine.run("INSERT INTO queue(name) VALUES('mine again')");
    theirs.run("INSERT INTO queue(name) VALUES('theirs again')");
    await eventually(() => changes === 3, { what: 'the next change' });
    wake.stop();
    theirs.run("INSERT INTO queue(name) VALUES('unheard')");
    wake.start();
    expect(changes).toBe(4);
  });
});
