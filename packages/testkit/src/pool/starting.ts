import { afterAll, describe, expect, test } from '@jest/globals';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PoolStartError } from '@tq/core';
import { eventually, within } from '../eventually.ts';
import type { PoolBench } from '../pool-contract.ts';
import { isAlive } from './rig.ts';

/** The least that a pool waits before it tries again. */
const FIRST_WAIT_MS = 200;

export function poolStarting(bench: PoolBench): void {
  const whenHosts = bench.traits.killable ? test : test.skip;
  const whenManyHosts = bench.parallel && bench.traits.kind !== 'async' ? test : test.skip;

  describe('starting', () => {
    afterAll(removeScratchFolders);

    test('a module that throws at import rejects start() with its message and place', async () => {
      const bad = scratchModule('\n\nthrow new Error("no such database");\n');
      const rig = bench.prepare({ size: 2, module: bad.url });
      const failure = await startFailure(rig.pool.start());
      expect(failure).toBeInstanceOf(PoolStartError);
      expect(failure.message).toContain('no such database');
      if (bench.traits.killable) expect(failure.message).toMatch(/module\.mjs:3:\d+/);
      expect(rig.logger.lines.filter((line) => line.level === 'error')).toHaveLength(1);
      expect(rig.fatal).toEqual([]);
    });

    (bench.processes ? test : test.skip)('a syntax error is reported with its file and line', async () => {
      const bad = scratchModule('export const a = 1;\nconst = 2;\n');
      const rig = bench.prepare({ size: 1, module: bad.url });
      const { message } = await startFailure(rig.pool.start());
      expect(message).toContain('Unexpected token');
      expect(message).toMatch(/module\.mjs:2\b/);
    });

    whenHosts('a host that hangs at import is killed and counts as failed', async () => {
      const bad = scratchModule('for (;;);\n');
      const rig = bench.prepare({ size: 1, module: bad.url, startTimeoutMs: 700 });
      const { message } = await startFailure(rig.pool.start());
      expect(message).toContain('not ready after 0.7 s');
    });

    whenHosts('a host that exits at import tells how it ended', async () => {
      const bad = scratchModule('process.exit(3);\n');
      const rig = bench.prepare({ size: 1, module: bad.url });
      const { message } = await startFailure(rig.pool.start());
      expect(message).toContain('exit code 3');
    });

    whenHosts(
      'at run time failed starts are tried again more and more slowly, then the pool gives up',
      async () => {
        const module = scratchModule(STARTS_ONCE);
        const rig = await bench.open({ size: 1, module: module.url });
        expect((await rig.run({ do: 'exit', code: 1 }).ended()).outcome.kind).toBe('lost');
        await eventually(() => rig.fatal.length > 0, { what: 'the pool to give up', timeoutMs: 25_000 });
        expect(rig.fatal).toHaveLength(1);
        expect(rig.fatal[0]?.message).toMatch(/not again.*module\.mjs:\d+/);
        const starts = readLines(module.journal).map(Number);
        expect(starts).toHaveLength(6);
        const gaps = starts.slice(2).map((at, i) => at - (starts[i + 1] as number));
        gaps.forEach((gap, i) => expect(gap).toBeGreaterThanOrEqual(FIRST_WAIT_MS * 2 ** i));
        const waiting = rig.run({ do: 'echo', value: 1 });
        await within(rig.pool.close({ graceMs: 1000 }), 5000, 'the pool to close');
        expect(waiting.outcomes).toEqual([{ kind: 'returned' }]);
      },
      60_000,
    );

    (bench.traits.kind === 'prefork' ? test : test.skip)(
      'a module that throws at import never has more hosts alive than the pool has slots',
      async () => {
        const module = scratchModule(KEEPS_COUNT);
        const rig = bench.prepare({ size: 2, module: module.url });
        let most = 0;
        const watch = setInterval(() => {
          most = Math.max(most, readLines(module.journal).map(Number).filter(isAlive).length);
        }, 5);
        await startFailure(rig.pool.start());
        clearInterval(watch);
        expect(most).toBeGreaterThan(0);
        expect(most).toBeLessThanOrEqual(2);
      },
    );

    whenManyHosts('one bad start among good ones is tried again and stops nobody', async () => {
      const module = scratchModule(FIRST_FAILS);
      const rig = await bench.open({ size: 2, module: module.url });
      expect(rig.logger.find('error', 'only the first')).toHaveLength(1);
      expect(await rig.value({ do: 'echo', value: 1 })).toBe(1);
      await eventually(() => rig.pool.stats().hosts.length === 2, { what: 'the second host' });
    });
  });
}

const JOURNAL = `
import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
const here = new URL('.', import.meta.url);
const note = (text) => appendFileSync(new URL('journal', here), text + '\\n');
const flag = new URL('flag', here);
`;

const STARTS_ONCE = `${JOURNAL}
note(Date.now());
if (existsSync(flag)) throw new Error('not again');
writeFileSync(flag, '');
`;

const KEEPS_COUNT = `${JOURNAL}
note(process.pid);
const end = Date.now() + 100;
while (Date.now() < end);
throw new Error('never');
`;

const FIRST_FAILS = `${JOURNAL}
let first = true;
try {
  writeFileSync(flag, '', { flag: 'wx' });
} catch {
  first = false;
}
if (first) throw new Error('only the first');
`;

interface ScratchModule {
  readonly url: string;
  /** A file that the module may write lines to. */
  readonly journal: string;
}

const scratchFolders: string[] = [];

/** Jest's `process` never tells of the exit, so the tests that make folders also remove them. */
function removeScratchFolders(): void {
  for (const folder of scratchFolders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** A module in a folder of its own, removed after the tests. */
function scratchModule(source: string): ScratchModule {
  const folder = mkdtempSync(join(tmpdir(), 'tq-pool-contract-'));
  scratchFolders.push(folder);
  const file = join(folder, 'module.mjs');
  writeFileSync(file, source);
  return { url: pathToFileURL(file).href, journal: join(folder, 'journal') };
}

function readLines(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
}

async function startFailure(start: Promise<void>): Promise<Error> {
  const outcome = await within(
    start.then(
      () => undefined,
      (error: unknown) => error as Error,
    ),
    25_000,
    'the start to fail',
  );
  if (!outcome) throw new Error('The pool started, though it should not');
  return outcome;
}
