import { jsonFormat } from '../src/log-json.ts';
import type { LogLine } from '../src/log-line.ts';
import { textFormat } from '../src/log-text.ts';

const timeMs = new Date(2018, 11, 30, 2, 51, 4, 7).getTime();
const line = (
  message: string,
  fields: LogLine['fields'] = {},
  level: LogLine['level'] = 'info',
): LogLine => ({ timeMs, level, message, fields });

const CELERY = {
  line: '[%(asctime)s: %(levelname)s/%(processName)s] %(message)s',
  taskLine: '[%(asctime)s: %(levelname)s/%(processName)s] %(task_name)s[%(task_id)s]: %(message)s',
  colors: false,
};
const format = textFormat(CELERY);

describe('text', () => {
  test('a line has the form of the guide', () => {
    expect(format(line('celery@ubuntu ready.'))).toBe(
      '[2018-12-30 02:51:04,007: INFO/MainProcess] celery@ubuntu ready.',
    );
  });

  test('levels have the names of Python', () => {
    const levels = (['debug', 'info', 'warn', 'error'] as const).map(
      (level) => format(line('x', {}, level)).split(/[ /]/)[2],
    );
    expect(levels).toEqual(['DEBUG', 'INFO', 'WARNING', 'ERROR']);
  });

  test('a line of a child names the child, one of a task the task', () => {
    const fields = { processName: 'ForkPoolWorker-1', processIndex: 1, task: 'proj.tasks.add', id: '1c9d' };
    expect(format(line('adding', fields))).toBe(
      '[2018-12-30 02:51:04,007: INFO/ForkPoolWorker-1] proj.tasks.add[1c9d]: adding',
    );
  });

  test('fields follow the sentence, errors and texts of several lines below it', () => {
    const error = new Error('boom');
    expect(format(line('Lost', { reason: 'reset', tries: 2, error }))).toBe(
      `[2018-12-30 02:51:04,007: INFO/MainProcess] Lost reason=reset tries=2\n${error.stack}`,
    );
  });

  test('fields that are no JSON are no trouble', () => {
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    expect(format(line('x', { cycle, big: 1n }))).toContain('x cycle=[object Object] big=[object BigInt]');
  });

  test('a format of the user has widths and percent signs', () => {
    const own = textFormat({ ...CELERY, line: '100%% %(levelname)-8s|%(name)5s|%(message)s' });
    expect(own(line('x'))).toBe('100% INFO    |   tq|x');
  });

  test('a format with an unknown name is refused, with the names there are', () => {
    expect(() => textFormat({ ...CELERY, line: '%(thread)s' })).toThrow(
      /workerLogFormat uses %\(thread\)s; a line has asctime, /,
    );
  });

  test('colours go around the message, by level', () => {
    const colored = textFormat({ ...CELERY, line: '%(levelname)s %(message)s', colors: true });
    expect(colored(line('x', {}, 'warn'))).toBe('WARNING \u001B[33mx\u001B[39m');
    expect(colored(line('x'))).toBe('INFO x');
  });
});

describe('json', () => {
  const parse = (one: LogLine): unknown => JSON.parse(jsonFormat(one));

  test('a line is one object with the same facts', () => {
    expect(parse(line('adding', { processName: 'ForkPoolWorker-1', task: 't', id: 'i', tries: 2 }))).toEqual({
      time: new Date(timeMs).toISOString(),
      level: 'INFO',
      process: 'ForkPoolWorker-1',
      message: 'adding',
      task: 't',
      id: 'i',
      tries: 2,
    });
  });

  test('a field does not replace what every line has', () => {
    expect(parse(line('x', { level: 'secret', time: 0 }))).toMatchObject({ level: 'INFO', message: 'x' });
  });

  test('a line whose fields are no JSON is still a line', () => {
    expect(parse(line('x', { big: 1n }))).toMatchObject({ message: 'x' });
  });
});
