// The table of docs/workflows.md, a test for each cell: what becomes of a work-flow when a part of it ends in this way or that.
import { chain, chord, group } from '@tq/canvas';
import type { AnySignature, App, ResultHandle } from '@tq/core';
import { clientOf, until } from './support/client.ts';
import { Workplace } from './support/worker-process.ts';

let place: Workplace;
let app: App;
beforeAll(async () => {
  place = new Workplace({ fixture: 'endings' });
  await place.worker('-c', '2').ready();
  app = clientOf(place);
}, 60_000);
afterAll(async () => {
  await app.close();
  place[Symbol.dispose]();
});

const soon = { timeout: 20 };
const s = (name: string, ...args: readonly unknown[]): AnySignature => app.signature(`end.${name}`, args);
const one = (): AnySignature => s('one');

/** How a part ends: its own state, what waits for it is told, and whether its error links are called. */
interface Ending {
  readonly name: string;
  readonly part: () => AnySignature;
  /** What is stored under its own id; null: it sees to that itself. */
  readonly state: 'SUCCESS' | 'FAILURE' | 'REVOKED' | null;
  readonly reason: RegExp;
  readonly errorLinks: boolean;
  /** Done to it once it was sent. */
  readonly afterwards?: (id: string) => Promise<unknown>;
}

/** Where the broker keeps what is due later, as SQLite does, it is dropped when it's due. */
const later = { countdown: 2 };
const ENDINGS: readonly Ending[] = [
  { name: 'succeeds', part: one, state: 'SUCCESS', reason: /^/, errorLinks: false },
  {
    name: 'is retried and succeeds',
    part: () => s('flaky'),
    state: 'SUCCESS',
    reason: /^/,
    errorLinks: false,
  },
  { name: 'fails', part: () => s('fail'), state: 'FAILURE', reason: /no luck/, errorLinks: true },
  {
    name: 'has no retries left',
    part: () => s('exhausted'),
    state: 'FAILURE',
    reason: /never/,
    errorLinks: true,
  },
  {
    name: 'kills its process again and again',
    part: () => s('kill'),
    state: 'FAILURE',
    reason: /exited prematurely/,
    errorLinks: true,
  },
  {
    name: 'passes its hard time limit',
    part: () => s('hang'),
    state: 'FAILURE',
    reason: /TimeLimitExceeded/,
    errorLinks: true,
  },
  {
    name: 'is known to no worker',
    part: () => s('nobody'),
    state: 'FAILURE',
    reason: /end\.nobody/,
    errorLinks: true,
  },
  {
    name: 'expires',
    part: () => one().set({ countdown: 0.2, expires: 0.1 }),
    state: 'REVOKED',
    reason: /expired/,
    errorLinks: false,
  },
  {
    name: 'is revoked',
    part: () => one().set(later),
    state: 'REVOKED',
    reason: /revoked/,
    errorLinks: false,
    afterwards: (id) => app.control.revoke(id),
  },
  {
    name: 'rejects its message',
    part: () => s('reject'),
    state: 'FAILURE',
    reason: /not mine/,
    errorLinks: false,
  },
  { name: 'is ignored', part: () => s('ignore'), state: null, reason: /Ignore/, errorLinks: false },
];

let last = 0;
/** A key for the ledger, and an error link that writes it. */
function noted(): { readonly key: string; readonly link: AnySignature } {
  const key = `key-${++last}`;
  return { key, link: app.signature('end.note', [key]).immutable() };
}
const timesNoted = (key: string): number => place.ledger().filter((line) => line === key).length;

async function textOfError(result: ResultHandle): Promise<string> {
  return result.get(soon).then(
    () => 'it succeeded',
    (error: Error & { excType?: string }) => `${error.excType ?? error.name}: ${error.message}`,
  );
}

describe.each(ENDINGS)('a part that $name', ({ part, state, reason, errorLinks, afterwards }) => {
  const isWell = state === 'SUCCESS';

  test('as a step of a chain: those behind it', async () => {
    const { key, link } = noted();
    const id = `step-${key}`;
    const sent = await chain([part().set({ taskId: id }).linkError(link), one(), one()]).delay();
    await afterwards?.(id);
    if (isWell) {
      expect(await sent.get(soon)).toBe(1);
    } else {
      expect(await textOfError(sent)).toMatch(reason);
      // Each step has an end, not only the last one.
      expect(await textOfError(sent.parent!)).toMatch(reason);
    }
    if (state) expect(await app.asyncResult(id).state()).toBe(state);
    if (errorLinks) await until('the error link', () => timesNoted(key) === 1);
    else expect(timesNoted(key)).toBe(0);
  });

  test('as a member of a group: the others', async () => {
    const id = `member-${++last}`;
    const sent = await group([part().set({ taskId: id }), one()]).delay();
    await afterwards?.(id);
    expect(await sent.results[1]!.get(soon)).toBe(1);
    if (isWell) expect(await sent.get(soon)).toEqual([1, 1]);
    else if (state) expect(await textOfError(sent)).toMatch(reason);
  });

  test('in the header of a chord: the body', async () => {
    const { key, link } = noted();
    const id = `header-${key}`;
    const sent = await chord([part().set({ taskId: id }), one()], s('count').onError(link)).delay();
    await afterwards?.(id);
    if (isWell) {
      expect(await sent.get(soon)).toBe(2);
      expect(timesNoted(key)).toBe(0);
    } else {
      const error = await textOfError(sent);
      expect(error).toMatch(/ChordError: Dependency header-key-\d+ raised/);
      expect(error).toMatch(reason);
      await until("the body's error link", () => timesNoted(key) === 1);
    }
  });

  test('in the header of a chord in the header of a chord: the outer body, and the step behind that', async () => {
    const id = `inner-${++last}`;
    const inner = chord([part().set({ taskId: id }), one()], s('count'));
    const sent = await chain([chord([inner, one()], s('count')), one()]).delay();
    await afterwards?.(id);
    if (isWell) expect(await sent.get(soon)).toBe(1);
    else expect(await textOfError(sent)).toMatch(/Dependency .* raised ChordError/);
  });

  test('as the body of a chord: what is behind it', async () => {
    const { key, link } = noted();
    const id = `body-${key}`;
    const body = part().set({ taskId: id }).linkError(link);
    const sent = await chain([chord([one(), one()], body), one()]).delay();
    await afterwards?.(id);
    if (isWell) expect(await sent.get(soon)).toBe(1);
    else expect(await textOfError(sent)).toMatch(reason);
    if (errorLinks) await until('the error link', () => timesNoted(key) === 1);
  });
});

test('an error link that fails changes nothing, and the others are called', async () => {
  const { key, link } = noted();
  const sent = await s('fail')
    .linkError(s('fail').set({ taskId: `link-${key}` }))
    .linkError(link)
    .delay();
  expect(await textOfError(sent)).toMatch(/no luck/);
  await until('the other link', () => timesNoted(key) === 1);
  expect(await textOfError(app.asyncResult(`link-${key}`))).toMatch(/no luck/);
});

test('two members that fail call the error link of the body once', async () => {
  const { key, link } = noted();
  const sent = await chord([s('fail'), s('fail'), one()], s('count').onError(link)).delay();
  expect(await textOfError(sent)).toMatch(/ChordError/);
  await until('the error link', () => timesNoted(key) === 1);
});

test('error links of a chain are those of each step, of a group those of each member', async () => {
  const { key, link } = noted();
  expect(
    await textOfError(
      await chain([one(), s('fail'), one()])
        .linkError(link)
        .delay(),
    ),
  ).toMatch(/no luck/);
  await until('one step has failed', () => timesNoted(key) === 1);
  const members = await group([s('fail'), one(), s('fail')])
    .linkError(link)
    .delay();
  expect(await textOfError(members)).toMatch(/no luck/);
  await until('two members have', () => timesNoted(key) === 3);
});
