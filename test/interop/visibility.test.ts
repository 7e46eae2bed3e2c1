// One Redis queue, a visibility timeout that is shorter than everything takes, workers of both kinds.
// TQ_TEST_VISIBILITY=full for the whole proof: 200 calls for later, 50 long ones.
import { createApp } from '@tq/core';
import { eventually, serviceUrl, uniqueName } from '@tq/testkit';
import { Side } from './support/peer.ts';
import { python } from './support/place.ts';
import { Ledger } from '../e2e/support/ledger.ts';
import { Workplace } from '../e2e/support/worker-process.ts';

const isFull = process.env['TQ_TEST_VISIBILITY'] === 'full';
const [LATER, LONG, SECONDS, VISIBILITY] = isFull ? [200, 50, 30, 5] : [40, 8, 8, 2];
const LANES = isFull ? 20 : 4;

const whenPython = python ? test : test.skip;

/** Who got a call, and who ran it, in order. */
interface Fate {
  readonly got: string[];
  readonly ran: string[];
}

function fatesOf(ledger: Ledger, ids: readonly string[]): Map<string, Fate> {
  const runs = ledger.runs();
  const moments = (what: string, id: string): string[] =>
    ['tq', 'py']
      .flatMap((who) => (runs.get(`${what}:${who}:${id}`) ?? []).map((atMs) => ({ who, atMs })))
      .sort((a, b) => a.atMs - b.atMs)
      .map(({ who }) => who);
  return new Map(ids.map((id) => [id, { got: moments('got', id), ran: moments('ran', id) }]));
}

function environment(place: Workplace, queue: string): Record<string, string> {
  return {
    LEDGER: place.ledgerFile,
    PLACE_BROKER: place.url,
    SHARED_QUEUE: queue,
    SHARED_VISIBILITY: String(VISIBILITY),
    PYTHONUNBUFFERED: '1',
    PYTHONDONTWRITEBYTECODE: '1',
  };
}

async function shared(withPython: boolean): Promise<Map<string, Fate>> {
  const queue = uniqueName('shared');
  const place = new Workplace({
    fixture: 'outage',
    broker: serviceUrl('redis').href,
    env: {
      TQ_RESULT_BACKEND: undefined,
      TRANSPORT_OPTIONS: JSON.stringify({ visibility_timeout: VISIBILITY }),
    },
  });
  const app = createApp('client', { broker: place.url });
  let peer: Side | undefined;
  try {
    const workers = ['one', 'two'].map((name) =>
      place.worker('-P', 'async', '-c', String(LANES), '-Q', queue, '-n', `${name}@%h`),
    );
    if (withPython)
      peer = new Side(
        python,
        '-m celery -A shared worker -c 2 -P threads -n py@%h --without-gossip --without-mingle -l info'
          .split(' ')
          .concat('-Q', queue),
        { cwd: `${place.folder}/app`, env: environment(place, queue) },
      );
    await Promise.all([...workers.map((worker) => worker.ready()), peer?.says(/ ready\./)]);
    const later = Array.from({ length: LATER }, () =>
      app.sendTask('shared.nap', [0], { queue, countdown: SECONDS, ignoreResult: true }),
    );
    const long = Array.from({ length: LONG }, () =>
      app.sendTask('shared.nap', [SECONDS], { queue, ignoreResult: true }),
    );
    const ids = (await Promise.all([...later, ...long])).map(({ id }) => id);
    const ledger = new Ledger(place.ledgerFile);
    const allRan = (): boolean => [...fatesOf(ledger, ids).values()].every(({ ran }) => ran.length > 0);
    const timeoutMs = (SECONDS * (LONG / LANES + 2) + 30) * 1000;
    await eventually(allRan, { timeoutMs, everyMs: 200, what: 'every call to run' });
    // Time enough for whatever would run a second time.
    await new Promise((resolve) => setTimeout(resolve, 1000 * (2 * VISIBILITY + (withPython ? SECONDS : 0))));
    return fatesOf(ledger, ids);
  } finally {
    await app.close();
    await peer?.[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  }
}

/** How often each way of a call occurred: who got it, who ran it. */
function census(fates: ReadonlyMap<string, Fate>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { got, ran } of fates.values()) {
    const way = `got ${got.join(',')}; ran ${ran.join(',')}`;
    counts[way] = (counts[way] ?? 0) + 1;
  }
  return counts;
}

/** How often Python had a message that somebody got after it: Celery doesn't renew what it holds. */
function lostByPython({ got }: Fate): number {
  return got.filter((who, index) => who === 'py' && index < got.length - 1).length;
}

describe('a visibility timeout that is shorter than what is held', () => {
  test('two workers of tq run each call exactly once', async () => {
    const fates = await shared(false);
    if (isFull) process.stdout.write(`tq alone: ${JSON.stringify(census(fates), null, 1)}\n`);
    expect([...fates.values()].filter(({ ran }) => ran.length !== 1)).toEqual([]);
  }, 400_000);

  whenPython(
    'beside a Python worker a call runs once more only when that worker has held it for too long',
    async () => {
      const fates = await shared(true);
      if (isFull) process.stdout.write(`with Python: ${JSON.stringify(census(fates), null, 1)}\n`);
      expect(
        [...fates.values()].filter(({ got }) => got.every((who) => who === 'tq')).length,
      ).toBeGreaterThan(0);
      // What tq holds nobody takes away. Nothing is lost, whoever held it.
      const wrong = [...fates.values()].filter(
        (fate) => fate.ran.length < 1 || fate.ran.length > 1 + lostByPython(fate),
      );
      expect(wrong).toEqual([]);
    },
    400_000,
  );
});
