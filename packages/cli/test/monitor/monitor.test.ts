// The monitor without a terminal: keys in, lines out.
import { silentLogger } from '@tq/core';
import { ClusterState } from '@tq/events';
import type { ReceivedEvent } from '@tq/events';
import { FakeClock } from '@tq/testkit';
import { keysIn } from '../../src/monitor/keys.ts';
import type { Key } from '../../src/monitor/keys.ts';
import { FIRST_LOOK, press, rowsOf } from '../../src/monitor/look.ts';
import type { Look, Wish } from '../../src/monitor/look.ts';
import type { Size } from '../../src/monitor/screen.ts';
import { fit, folded, harmless, widthOf } from '../../src/monitor/text.ts';
import { pageRows, view } from '../../src/monitor/view.ts';

const NOON = Date.UTC(2026, 0, 1, 12);
const zone = process.env['TZ'];
beforeAll(() => void (process.env['TZ'] = 'UTC'));
afterAll(() => {
  if (zone === undefined) delete process.env['TZ'];
  else process.env['TZ'] = zone;
});

let clock: FakeClock;
let state: ClusterState;
let look: Look;
let lamport: number;
const size: Size = { columns: 80, rows: 24 };

beforeEach(() => {
  clock = new FakeClock(NOON);
  state = new ClusterState({ clock, logger: silentLogger });
  [look, lamport] = [FIRST_LOOK, 0];
});

function tell(type: string, fields: Readonly<Record<string, unknown>>, hostname = 'w1@host'): void {
  lamport += 1;
  const at = NOON / 1000 + lamport;
  const event = { hostname, pid: 1, clock: lamport, timestamp: at, local_received: at, type, ...fields };
  state.event(event as ReceivedEvent);
}

const id = (digit: number): string => `${String(digit).repeat(8)}-0000-4000-8000-000000000000`;

/** Three tasks and two workers. */
function session(): void {
  const vitals = { freq: 2, loadavg: [0.5, 12.25, 1], sw_ident: 'tq', sw_ver: '0.1.0', sw_sys: 'Linux' };
  tell('worker-online', { ...vitals, active: 0, processed: 0 });
  tell('worker-heartbeat', { ...vitals, active: 1, processed: 3 }, 'w2@another.example');
  const add = { name: 'proj.add', args: '(2, 3)', kwargs: '{}', retries: 0, root_id: id(1) };
  tell('task-received', { uuid: id(1), ...add });
  tell('task-succeeded', { uuid: id(1), result: '5', runtime: 0.0123 });
  tell('task-received', {
    uuid: id(2),
    name: 'proj.fail',
    args: "('no luck',)",
    kwargs: "{'a': 1}",
    retries: 2,
  });
  tell('task-failed', {
    uuid: id(2),
    exception: "TypeError('no luck')",
    traceback: 'TypeError: no luck\n    at fail (proj.ts:5:40)',
  });
  tell(
    'task-received',
    { uuid: id(3), name: 'proj.slow', args: '(30,)', kwargs: '{}' },
    'w2@another.example',
  );
  tell('task-started', { uuid: id(3) }, 'w2@another.example');
}

function shown(of: Size = size): string[] {
  const scene = { state, look, size: of, nowMs: NOON, place: 'proj  redis://localhost', trouble: undefined };
  return view(scene).map((line) =>
    line
      .map(({ text }) => text)
      .join('')
      .trimEnd(),
  );
}

function type(text: string): readonly Wish[] {
  const wishes: Wish[] = [];
  for (const key of keysIn(text)) {
    const pressed = press(look, key, rowsOf(state), pageRows(size));
    look = pressed.look;
    if (pressed.wish) wishes.push(pressed.wish);
  }
  return wishes;
}

describe('what is shown', () => {
  test('nothing yet', () => {
    expect(shown()).toMatchSnapshot();
  });

  test.each([
    ['tasks', ''],
    ['the second one marked', 'j'],
    ['all that is known of it', 'ji'],
    ['its traceback', 'jt'],
    ['its exception', 'jr'],
    ['a result', 'Gr'],
    ['workers', 'w'],
    ['keys', '?'],
    ['a question before a task is revoked', 'c'],
    ['a rate limit being typed', 'l10/'],
  ])('%s', (_, keys) => {
    session();
    type(keys);
    expect(shown()).toMatchSnapshot();
  });

  test.each([
    ['wide', { columns: 130, rows: 14 }],
    ['narrow', { columns: 40, rows: 16 }],
    ['low', { columns: 80, rows: 6 }],
    ['tiny', { columns: 3, rows: 2 }],
  ])('a %s terminal is filled, and no line is too long', (_, of) => {
    session();
    const lines = shown(of);
    expect(lines).toHaveLength(of.rows);
    if (of.columns < 40) return; // what is too long is cut off by the screen
    for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(of.columns);
    expect(lines).toMatchSnapshot();
  });

  test('a list longer than the screen follows the mark', () => {
    for (let n = 0; n < 100; n++) tell('task-received', { uuid: `t${n}`, name: `task${n}` });
    expect(shown()[2]).toContain('task99');
    type('G');
    expect(shown().some((line) => line.startsWith('> t0 '))).toBe(true);
    type('g');
    expect(shown()[2]).toMatch(/^> t99/);
  });

  test('the mark stays on its task while others come', () => {
    session();
    type('j');
    const marked = shown().find((line) => line.startsWith('> '));
    for (let n = 0; n < 5; n++) tell('task-received', { uuid: `t${n}`, name: 'more' });
    expect(shown().find((line) => line.startsWith('> '))).toBe(marked);
  });

  test('what a task sends cannot command the terminal', () => {
    tell('task-received', {
      uuid: 'x\u001B[2J',
      name: 'evil\u001B]0;title\u0007\n\u202Etxt',
      args: '\u009B31m',
      kwargs: '{}',
    });
    tell('task-failed', { uuid: 'x\u001B[2J', exception: 'a\u001Bb', traceback: 'one\u001B[31m\ntwo' });
    for (const keys of ['', 'i', 't', 'r', 'c']) {
      look = FIRST_LOOK;
      type(keys);
      // oxlint-disable-next-line no-control-regex -- these must not be there
      expect(shown().join('')).not.toMatch(/[\u0000-\u001F\u007F-\u009F\u202E]/);
    }
  });
});

describe('keys', () => {
  test('move, and stop at the ends', () => {
    session();
    type('kkk');
    expect(look.selected).toBeUndefined();
    type('jjjjjj');
    expect(look.selected).toBe(id(1));
    type('\u001B[A\u001BOA');
    expect(look.selected).toBeUndefined();
  });

  test('ask before a task is revoked', () => {
    session();
    expect(type('jcn')).toEqual([]);
    expect(type('cy')).toEqual([{ kind: 'revoke', uuid: id(2) }]);
    expect(type('c\u001B')).toEqual([]);
    expect(look.prompt).toBeUndefined();
  });

  test('set a rate limit', () => {
    session();
    expect(type('l10/x\u007Fm\r')).toEqual([{ kind: 'rate limit', task: 'proj.slow', rate: '10/m' }]);
    expect(type('l\r')).toEqual([]);
    expect(look.prompt).toBeUndefined();
  });

  test('q and Esc lead back, then q quits; Ctrl-C always does', () => {
    session();
    expect(type('iq')).toEqual([]);
    expect(look.page).toBe('tasks');
    expect(type('q')).toEqual([{ kind: 'quit' }]);
    expect(type('l\u0003')).toEqual([{ kind: 'quit' }]);
  });

  test('scroll a long text, and not beyond its end', () => {
    tell('task-failed', {
      uuid: 'a',
      exception: 'E()',
      traceback: Array.from({ length: 60 }, (_, n) => `line ${n + 1}`).join('\n'),
    });
    type('t');
    expect(shown().slice(1, 3)).toEqual(['?[a]  FAILURE  (1-17 of 60)', 'line 1']);
    type('j\u001B[6~');
    expect(shown()[2]).toBe('line 19');
    type('G');
    expect(shown().slice(1, 3)).toEqual(['?[a]  FAILURE  (44-60 of 60)', 'line 44']);
  });

  test('are read in the tongues of terminals', () => {
    const names = keysIn('\u001B[A\u001BOB\u001B[5~\u001B[1~\u001B[F\r\u007F\u0003\u001Bx\u001B[99zä').map(
      (key: Key) => (key.kind === 'char' ? key.char : key.name),
    );
    expect(names).toEqual([
      'up',
      'down',
      'page-up',
      'home',
      'end',
      'enter',
      'backspace',
      'interrupt',
      'escape',
      'x',
      'ä',
    ]);
  });
});

describe('texts', () => {
  test('are fitted by the columns they take', () => {
    expect(fit('abc', 5)).toBe('abc  ');
    expect(fit('abcdef', 4)).toBe('abc…');
    expect(fit('日本語', 5)).toBe('日本…');
    expect(fit('日本語', 4)).toBe('日… ');
    expect([widthOf('e\u0301'), widthOf('😀')]).toEqual([1, 2]);
  });

  test('are folded, with their own line breaks', () => {
    expect(folded('abcdef\ngh', 4)).toEqual(['abcd', 'ef', 'gh']);
    expect(harmless('a\u0000b\nc')).toBe('a\uFFFDb c');
  });
});
