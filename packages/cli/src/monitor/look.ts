import type { ClusterState, TaskInfo } from '@tq/events';
import type { Key, KeyName } from './keys.ts';

/** Rows of the list at most: what lies further back is found by other means. */
const MOST_ROWS = 1000;

export type Page = 'tasks' | 'workers' | 'info' | 'result' | 'traceback' | 'help';

/** A question at the bottom of the screen. */
export type Prompt =
  | { readonly kind: 'revoke'; readonly uuid: string; readonly name: string }
  | { readonly kind: 'rate limit'; readonly task: string; readonly text: string };

/** What a person has chosen to look at. */
export interface Look {
  readonly page: Page;
  /** Id of the task that is marked; undefined: the newest, whichever that is. */
  readonly selected: string | undefined;
  /** Lines of a page of text above the screen. */
  readonly offset: number;
  readonly prompt: Prompt | undefined;
  /** What became of the last wish. */
  readonly notice: string | undefined;
}

export const FIRST_LOOK: Look = {
  page: 'tasks',
  selected: undefined,
  offset: 0,
  prompt: undefined,
  notice: undefined,
};

/** What a key asks for that is more than looking elsewhere. */
export type Wish =
  | { readonly kind: 'quit' }
  | { readonly kind: 'suspend' }
  | { readonly kind: 'redraw' }
  | { readonly kind: 'revoke'; readonly uuid: string }
  | { readonly kind: 'rate limit'; readonly task: string; readonly rate: string };

export interface Pressed {
  readonly look: Look;
  readonly wish?: Wish;
}

/** The tasks of the list, the newest first. */
export function rowsOf(state: ClusterState): readonly TaskInfo[] {
  return state.query({ limit: MOST_ROWS });
}

/** Where in the list the mark is. */
export function placeOf(rows: readonly TaskInfo[], { selected }: Look): number {
  return Math.max(0, selected === undefined ? 0 : rows.findIndex(({ uuid }) => uuid === selected));
}

/** What a key does. `page` is how many rows of it fit on the screen. */
export function press(look: Look, key: Key, rows: readonly TaskInfo[], page: number): Pressed {
  const calm: Look = { ...look, notice: undefined };
  if (key.kind === 'key' && key.name === 'interrupt') return { look, wish: { kind: 'quit' } };
  if (key.kind === 'key' && key.name === 'suspend') return { look, wish: { kind: 'suspend' } };
  if (key.kind === 'key' && key.name === 'redraw') return { look, wish: { kind: 'redraw' } };
  if (look.prompt) return answer(calm, look.prompt, key);
  const step = stepOf(key, page);
  if (step !== undefined) return { look: moved(calm, step, rows) };
  return key.kind === 'char' ? pressChar(calm, key.char, rows) : pressName(calm, key.name);
}

function pressName(look: Look, name: KeyName): Pressed {
  if (name === 'enter' && look.page === 'tasks') return { look: { ...look, page: 'info', offset: 0 } };
  return name === 'escape' || name === 'enter' ? { look: { ...look, page: 'tasks', offset: 0 } } : { look };
}

const PAGES: Readonly<Record<string, Page>> = {
  i: 'info',
  r: 'result',
  t: 'traceback',
  w: 'workers',
  '?': 'help',
  h: 'help',
};

function pressChar(look: Look, char: string, rows: readonly TaskInfo[]): Pressed {
  const letter = char.toLowerCase();
  if (letter === 'q')
    return look.page === 'tasks' ? { look, wish: { kind: 'quit' } } : pressName(look, 'escape');
  const page = PAGES[letter];
  const task = rows[placeOf(rows, look)];
  // The page is about one task from now on, whatever comes in.
  const selected = page === 'workers' || page === 'help' ? look.selected : task?.uuid;
  if (page) return { look: { ...look, page: look.page === page ? 'tasks' : page, offset: 0, selected } };
  if (!task || (letter !== 'c' && letter !== 'l')) return { look };
  const { uuid, name } = task;
  if (letter === 'c')
    return { look: { ...look, selected: uuid, prompt: { kind: 'revoke', uuid, name: name ?? 'a task' } } };
  if (name === undefined) return { look: { ...look, notice: 'The name of this task is not known.' } };
  return { look: { ...look, selected: uuid, prompt: { kind: 'rate limit', task: name, text: '' } } };
}

function answer(look: Look, prompt: Prompt, key: Key): Pressed {
  const done: Look = { ...look, prompt: undefined };
  if (key.kind === 'key' && key.name === 'escape') return { look: done };
  if (prompt.kind === 'revoke') {
    const isYes = key.kind === 'char' && key.char.toLowerCase() === 'y';
    return isYes ? { look: done, wish: { kind: 'revoke', uuid: prompt.uuid } } : { look: done };
  }
  const typed = (text: string): Pressed => ({ look: { ...look, prompt: { ...prompt, text } } });
  if (key.kind === 'char') return typed((prompt.text + key.char).slice(0, 20));
  if (key.name === 'backspace') return typed(prompt.text.slice(0, -1));
  if (key.name !== 'enter' || prompt.text.trim() === '') return { look: key.name === 'enter' ? done : look };
  return { look: done, wish: { kind: 'rate limit', task: prompt.task, rate: prompt.text.trim() } };
}

function stepOf(key: Key, page: number): number | undefined {
  if (key.kind === 'char') return { j: 1, J: 1, k: -1, K: -1, g: -Infinity, G: Infinity }[key.char];
  const steps: Partial<Record<KeyName, number>> = {
    down: 1,
    up: -1,
    'page-down': page,
    'page-up': -page,
    home: -Infinity,
    end: Infinity,
  };
  return steps[key.name];
}

function moved(look: Look, step: number, rows: readonly TaskInfo[]): Look {
  if (look.page !== 'tasks') return { ...look, offset: Math.max(0, Math.min(look.offset + step, 1e6)) };
  const place = Math.min(Math.max(placeOf(rows, look) + step, 0), Math.max(rows.length - 1, 0));
  // Back at the top it follows the newest again.
  return { ...look, selected: place === 0 ? undefined : rows[place]?.uuid };
}
