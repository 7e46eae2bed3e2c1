import type { ClusterState, TaskInfo } from '@tq/events';
import { clockTime } from './clock-time.ts';
import { placeOf, rowsOf } from './look.ts';
import type { Look } from './look.ts';
import { helpLines, taskLines, workerLines } from './pages.ts';
import type { Line, Size, Span, Style } from './screen.ts';
import { fit, folded, harmless, widthOf } from './text.ts';

/** Everything that is shown. */
export interface Scene {
  readonly state: ClusterState;
  readonly look: Look;
  readonly size: Size;
  /** Unix milliseconds. */
  readonly nowMs: number;
  /** What is watched: the app and its broker. */
  readonly place: string;
  /** Why nothing comes in at present. */
  readonly trouble: string | undefined;
}

const TITLE_ROWS = 1;
const HEAD_ROWS = 1;
/** A rule, what is marked, workers, numbers, keys. */
const FOOT_ROWS = 5;
/** With fewer rows the foot is its last line alone. */
const LEAST_ROWS = 12;

/** Rows of a page between the title and the foot. */
export function pageRows({ rows }: Size): number {
  return Math.max(1, rows - TITLE_ROWS - HEAD_ROWS - (rows < LEAST_ROWS ? 1 : FOOT_ROWS));
}

/** The screen as lines: one for each row, none wider than the screen. */
export function view(scene: Scene): readonly Line[] {
  const { size, look } = scene;
  const page = look.page === 'tasks' ? taskTable(scene) : textPage(scene);
  const wanted = pageRows(size) + HEAD_ROWS;
  const filled = [...page.slice(0, wanted), ...Array.from({ length: wanted - page.length }, (): Line => [])];
  return [title(scene), ...filled, ...foot(scene)].slice(0, size.rows);
}

function title({ size, place, nowMs }: Scene): Line {
  const time = ` ${clockTime(nowMs / 1000)} `;
  return [{ text: fit(` tq events  ${harmless(place)}`, size.columns - time.length) + time, style: 'title' }];
}

const STATE_STYLES: Readonly<Record<string, Style>> = {
  SUCCESS: 'good',
  FAILURE: 'bad',
  REVOKED: 'bad',
  REJECTED: 'bad',
  RETRY: 'warn',
  STARTED: 'busy',
};

/** Before the marked row, for terminals and copies that show no other difference. */
const MARK = '> ';

/** Widths of the columns: ids whole where there is room for them, and the names what is left. */
function columnsOf(columns: number): readonly [id: number, name: number, worker: number] {
  const id = columns >= 120 ? 36 : 9;
  const worker = columns < 60 ? 0 : Math.min(32, Math.floor(columns / 4));
  return [id, Math.max(8, columns - MARK.length - id - worker - 8 - 9 - 4), worker];
}

function taskTable({ state, look, size }: Scene): readonly Line[] {
  const rows = rowsOf(state);
  const place = placeOf(rows, look);
  const visible = pageRows(size);
  const first = Math.min(Math.max(0, place - Math.floor(visible / 2)), Math.max(0, rows.length - visible));
  const [id, name, worker] = columnsOf(size.columns);
  const cells = (...texts: readonly [string, string, string, string]): string =>
    [
      ' '.repeat(MARK.length) + fit(texts[0], id),
      fit(texts[1], name),
      fit(texts[2], worker),
      fit(texts[3], 8),
    ].join(' ');
  const head: Line = [{ text: `${cells('UUID', 'TASK', 'WORKER', 'TIME')} STATE`, style: 'bold' }];
  const shown = rows.slice(first, first + visible).map((task, index): Line => {
    const text = cells(
      harmless(task.uuid),
      harmless(task.name ?? '?'),
      harmless(task.worker ?? ''),
      clockTime(task.timestamp),
    );
    const stateText = fit(harmless(task.state), 9);
    if (first + index === place)
      return [{ text: `${MARK}${text.slice(MARK.length)} ${stateText}`, style: 'selected' }];
    return [{ text: `${text} ` }, span(stateText, STATE_STYLES[task.state])];
  });
  return [head, ...shown];
}

function textPage({ state, look, size, nowMs }: Scene): readonly Line[] {
  const rows = rowsOf(state);
  const [heading, lines] = contentOf(state, look, rows[placeOf(rows, look)], { ...size, nowMs });
  const visible = pageRows(size);
  const offset = Math.min(look.offset, Math.max(0, lines.length - visible));
  const more =
    lines.length > visible
      ? `  (${offset + 1}-${Math.min(lines.length, offset + visible)} of ${lines.length})`
      : '';
  return [[{ text: heading + more, style: 'bold' }], ...lines.slice(offset, offset + visible).map(lineOf)];
}

function contentOf(
  state: ClusterState,
  { page }: Look,
  task: TaskInfo | undefined,
  around: { readonly columns: number; readonly nowMs: number },
): readonly [heading: string, lines: readonly string[]] {
  const { columns, nowMs } = around;
  if (page === 'workers') return workerLines(state, { columns, nowMs });
  if (page === 'help') return ['Keys', helpLines()];
  if (!task) return ['No task is marked', []];
  const heading = harmless(`${task.name ?? '?'}[${task.uuid}]  ${task.state}`);
  if (page === 'info') return [heading, taskLines(task, columns)];
  const text = page === 'result' ? (task.result ?? task.exception) : task.traceback;
  return [heading, text === undefined ? [`There is no ${page}.`] : folded(text, columns)];
}

function foot(scene: Scene): readonly Line[] {
  const { size, state, look } = scene;
  const { columns } = size;
  const bottom = bottomLine(scene);
  if (size.rows < LEAST_ROWS) return [bottom];
  const rows = rowsOf(state);
  return [
    [{ text: '─'.repeat(columns), style: 'dim' }],
    labelled('Selected', aboutTask(rows[placeOf(rows, look)]), columns),
    labelled('Workers', aboutWorkers(state), columns),
    labelled('Numbers', aboutNumbers(state), columns),
    bottom,
  ];
}

function aboutTask(task: TaskInfo | undefined): string {
  if (!task) return 'no task has been heard of yet';
  const { args = '', kwargs = '', runtime, retries, eta, result, exception } = task;
  const parts = [
    `args=${args}${kwargs === '' || kwargs === '{}' ? '' : ` kwargs=${kwargs}`}`,
    runtime === undefined ? '' : `runtime=${runtime.toFixed(3)}s`,
    retries ? `retries=${retries}` : '',
    eta === undefined ? '' : `eta=${eta}`,
    exception !== undefined ? `exception=${exception}` : result !== undefined ? `result=${result}` : '',
  ];
  return parts.filter((part) => part !== '').join('  ');
}

function aboutWorkers(state: ClusterState): string {
  const alive = state.aliveWorkers();
  if (alive.length === 0) return 'none online';
  const names = alive.map(({ hostname, active }) => `${hostname}${active ? ` (${active})` : ''}`).sort();
  return `${alive.length} online: ${names.join(', ')}`;
}

function aboutNumbers(state: ClusterState): string {
  const counts = Object.entries(state.countByState()).sort(([a], [b]) => (a < b ? -1 : 1));
  const states = counts.map(([name, count]) => `${name} ${count}`).join('  ');
  return `events ${state.eventCount}  tasks ${state.tasks.size}${states && `:  ${states}`}`;
}

const KEYS = 'j/k move  i info  r result  t trace  c revoke  l limit  w workers ? help ^C quit';
const KEYS_OF_PAGE = 'j/k scroll  Esc back  ? help  ^C quit';

function bottomLine({ look, size, trouble }: Scene): Line {
  const { prompt, notice, page } = look;
  const show = (text: string, style: Style): Line => [{ text: fit(harmless(text), size.columns), style }];
  if (prompt?.kind === 'revoke') return show(`Revoke ${prompt.name}[${prompt.uuid}]? y/n`, 'warn');
  if (prompt)
    return show(
      `Rate limit of ${prompt.task}, such as 10/s, 100/m, 5/h, 0 for none: ${prompt.text}_`,
      'warn',
    );
  if (trouble !== undefined) return show(trouble, 'bad');
  if (notice !== undefined) return show(notice, 'warn');
  return show(page === 'tasks' ? KEYS : KEYS_OF_PAGE, 'dim');
}

function labelled(label: string, text: string, columns: number): Line {
  const left = fit(label, 10);
  return [{ text: left, style: 'bold' }, { text: fit(harmless(text), columns - widthOf(left)) }];
}

function lineOf(text: string): Line {
  return [{ text }];
}

function span(text: string, style: Style | undefined): Span {
  return style ? { text, style } : { text };
}
