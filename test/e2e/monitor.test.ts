// The real `tq events` in a real terminal (tmux), beside a worker; what it shows is kept as golden text.
import type { App } from '@tq/core';
import { clientOf } from './support/client.ts';
import { hasTmux, Tmux } from './support/tmux.ts';
import { bin, Workplace } from './support/worker-process.ts';

const suite = hasTmux ? describe : describe.skip; // it needs tmux

/** What differs from run to run, made the same. */
function golden(lines: readonly string[]): string[] {
  return lines.map((line) =>
    line
      .replace(/sqlite:\S+\s+(?=\d\d:)/, 'sqlite://…  ')
      .replaceAll(/[0-9a-f]{8}…/g, 'xxxxxxxx…')
      .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx')
      .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, 'YYYY-MM-DD hh:mm:ss')
      .replaceAll(/\d\d:\d\d:\d\d/g, 'hh:mm:ss')
      .replaceAll(/(runtime(?:=|\s+))[\d.e-]+/g, '$1n')
      .replaceAll(/^clock .*/g, 'clock        n')
      .replaceAll(/events \d+/g, 'events n')
      .replaceAll(/(online +\d+ +\d+) +\d.*?\d+s ago\s*/g, '$1 load now ')
      .replaceAll(/file:\/\/\S+?(?=\/app\/)/g, 'file://…')
      .replaceAll(/tq \d+\.\d+\.\d+ \w+/g, 'tq n.n.n OS'),
  );
}

suite('tq events', () => {
  let place: Workplace;
  let app: App;
  let terminal: Tmux;

  beforeEach(async () => {
    place = new Workplace({ env: { TZ: 'UTC', NO_COLOR: undefined } });
    app = clientOf(place);
    terminal = new Tmux({ cwd: place.folder, env: { ...place.env, TERM: 'xterm' }, columns: 80, rows: 24 });
    await place.worker('-E', '-c', '1', '-n', 'w1@host').ready();
    terminal.run(`node ${bin} -A app events; echo "It ended with $?"`);
    await terminal.shows(/tq events .*sqlite/);
    await terminal.shows(/1 online: w1@host/);
  }, 60_000);
  afterEach(async () => {
    terminal[Symbol.dispose]();
    await app.close();
    place[Symbol.dispose]();
  });

  test('shows tasks and workers, follows the keys, fits the window, and leaves the terminal as it was', async () => {
    const soon = { timeout: 20, propagate: false };
    await app.sendTask('proj.tasks.add', [2, 2]).get(soon);
    await app.sendTask('proj.tasks.fail', ['no luck']).get(soon);
    expect(golden(await terminal.shows(/FAILURE 1 {2}SUCCESS 1/))).toMatchSnapshot('tasks');
    terminal.press('j');
    expect(golden(await terminal.shows(/^> .*proj\.tasks\.add/m))).toMatchSnapshot('the second marked');
    terminal.press('i');
    expect(golden(await terminal.shows(/^result/m))).toMatchSnapshot('all that is known');
    terminal.press('Escape');
    await terminal.shows(/^ {2}UUID/m);
    terminal.press('k');
    terminal.press('t');
    expect(golden(await terminal.shows(/tasks\.mjs/))).toMatchSnapshot('traceback');
    terminal.press('w');
    expect(golden(await terminal.shows(/^WORKER/m))).toMatchSnapshot('workers');
    terminal.press('?');
    expect(golden(await terminal.shows(/^Keys/m))).toMatchSnapshot('keys');
    terminal.press('q');
    await terminal.shows(/^ {2}UUID/m);
    terminal.press('c');
    expect(golden(await terminal.shows(/^Revoke /m))).toMatchSnapshot('a question');
    terminal.press('n');
    await terminal.shows(/j\/k move/);
    terminal.resize(120, 14);
    expect(golden(await terminal.shows(/^ {2}UUID {30}/m))).toMatchSnapshot('another size');
    terminal.press('C-c');
    const after = await terminal.shows(/It ended with 0/);
    expect(after.join('\n')).not.toContain('UUID');
    expect(after.join('\n')).toMatch(/events; echo/);
  }, 60_000);

  test('is suspended and comes back', async () => {
    terminal.press('C-z');
    await terminal.shows(/Stopped/);
    terminal.run('fg; echo "And then with $?"');
    await terminal.shows(/1 online: w1@host/);
    terminal.press('q');
    await terminal.shows(/And then with 0/);
  }, 60_000);
});

suite('a program that fails while it has the screen', () => {
  test('gives it back before it says what is wrong', async () => {
    using place = new Workplace();
    using terminal = new Tmux({
      cwd: place.folder,
      env: { ...place.env, TERM: 'xterm' },
      columns: 80,
      rows: 24,
    });
    const screen = bin.replace('bin.js', 'monitor/screen.js');
    terminal.run(
      `node -e "import('${screen}').then(({ Screen }) => { const s = new Screen(process, { colors: false }); s.open(); s.draw([[{ text: 'taken over' }]]); setTimeout(() => { throw new Error('oh no'); }, 500); })"; stty -a | grep -o ' .\\?icanon'`,
    );
    await terminal.shows(/^taken over/m);
    const after = (await terminal.shows(/^ -?icanon/m)).join('\n');
    expect(after).toMatch(/Error: oh no/);
    expect(after).toMatch(/^ icanon/m);
    expect(after).not.toMatch(/^taken over/m);
  }, 60_000);
});
