import type { App, Logger } from '@tq/core';
import { shownBroker, toError } from '@tq/core/internal';
import { ClusterState, EventReceiver } from '@tq/events';
import { wake } from '../events/wake.ts';
import type { Program } from '../program.ts';
import { wantsColor } from '../terminal.ts';
import type { Terminal } from '../terminal.ts';
import { keysIn } from './keys.ts';
import { FIRST_LOOK, press, rowsOf } from './look.ts';
import type { Look, Wish } from './look.ts';
import { Screen } from './screen.ts';
import { pageRows, view } from './view.ts';

/** What has changed is shown at most so often, and the time always. Milliseconds. */
const DRAW_MS = 250;
const TICK_MS = 1000;

/** `tq events`: a monitor that fills the terminal, until somebody quits it. */
export async function runMonitor(options: {
  readonly app: App;
  readonly program: Program;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { app, program, signal } = options;
  const place = `${app.name}  ${await shownBroker(app)}`;
  const monitor = new Monitor({
    app,
    terminal: program.terminal,
    place,
    noColor: program.globals.noColor ?? false,
  });
  await monitor.run(signal);
}

class Monitor {
  readonly #app: App;
  readonly #terminal: Terminal;
  readonly #place: string;
  readonly #screen: Screen;
  readonly #state: ClusterState;
  readonly #receiver: EventReceiver;
  readonly #quit = new AbortController();
  #look: Look = FIRST_LOOK;
  #isStale = true;
  #shownAtMs = 0;
  #trouble: string | undefined;

  constructor(options: {
    readonly app: App;
    readonly terminal: Terminal;
    readonly place: string;
    readonly noColor: boolean;
  }) {
    const { app, terminal, place, noColor } = options;
    this.#app = app;
    this.#terminal = terminal;
    this.#place = place;
    this.#screen = new Screen(terminal, { colors: wantsColor(terminal.stdout, terminal.env, noColor) });
    const logger = noticing((message) => this.#notice(message));
    app.logger = logger;
    this.#state = new ClusterState({ clock: app.clock, logger });
    this.#receiver = new EventReceiver({
      app,
      logger: noticing((message) => (this.#trouble = message)),
      handlers: {
        '*': (event) => {
          this.#state.event(event);
          this.#isStale = true;
        },
      },
      onListening: () => {
        this.#trouble = undefined;
        return wake(this.#app);
      },
    });
  }

  /** Resolves when it was quit. @throws BrokerUnavailableError */
  async run(signal: AbortSignal): Promise<void> {
    const { stdin, stdout } = this.#terminal;
    const onKeys = (text: string): void => this.#onKeys(text);
    const onResize = (): void => this.#redraw();
    const stop = AbortSignal.any([signal, this.#quit.signal]);
    using screen = this.#screen;
    screen.open();
    stdin.setEncoding('utf8').on('data', onKeys).resume();
    stdout.on('resize', onResize);
    process.on('SIGCONT', onResize);
    const drawing = setInterval(() => this.#drawIfStale(), DRAW_MS);
    try {
      this.#draw();
      await this.#receiver.capture({ signal: stop });
    } finally {
      clearInterval(drawing);
      process.off('SIGCONT', onResize);
      stdout.off('resize', onResize);
      stdin.off('data', onKeys).pause();
    }
  }

  #onKeys(text: string): void {
    for (const key of keysIn(text)) {
      const { look, wish } = press(this.#look, key, rowsOf(this.#state), pageRows(this.#screen.size));
      this.#look = look;
      if (wish) this.#grant(wish);
    }
    if (!this.#quit.signal.aborted) this.#draw();
  }

  #grant(wish: Wish): void {
    switch (wish.kind) {
      case 'quit':
        return this.#quit.abort();
      case 'suspend':
        return this.#suspend();
      case 'redraw':
        return this.#redraw();
      case 'revoke':
        return this.#ask(`revoke ${wish.uuid}`, (control) => control.revoke(wish.uuid));
      case 'rate limit':
        return this.#ask(`set the rate limit of ${wish.task} to ${wish.rate}`, (control) =>
          control.rateLimit(wish.task, wish.rate),
        );
    }
  }

  /** Asks workers for something and says what became of it. */
  #ask(what: string, ask: (control: App['control']) => Promise<unknown>): void {
    const asking = async (): Promise<string> => {
      await ask(this.#app.control);
      return `Workers were asked to ${what}.`;
    };
    void asking()
      .catch((error: unknown) => `Can't ${what}: ${toError(error).message}`)
      .then((notice) => this.#notice(notice));
  }

  #notice(notice: string): void {
    this.#look = { ...this.#look, notice };
    this.#isStale = true;
  }

  /** Ctrl-Z: the terminal is the shell's until `fg`. */
  #suspend(): void {
    this.#screen.close();
    process.once('SIGCONT', () => {
      this.#screen.open();
      this.#draw();
    });
    process.kill(process.pid, 'SIGTSTP');
  }

  #drawIfStale(): void {
    if (this.#isStale || this.#app.clock.monotonic() - this.#shownAtMs >= TICK_MS) this.#draw();
  }

  #redraw(): void {
    this.#screen.forget();
    this.#draw();
  }

  #draw(): void {
    this.#isStale = false;
    this.#shownAtMs = this.#app.clock.monotonic();
    this.#screen.draw(
      view({
        state: this.#state,
        look: this.#look,
        size: this.#screen.size,
        nowMs: this.#app.clock.now(),
        place: this.#place,
        trouble: this.#trouble,
      }),
    );
  }
}

/** Log lines would run across the screen. */
function noticing(notice: (message: string) => void): Logger {
  const ignore = (): void => undefined;
  const logger: Logger = { debug: ignore, info: ignore, warn: notice, error: notice, child: () => logger };
  return logger;
}
