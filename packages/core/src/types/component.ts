/** A part with a life: started in order, stopped in reverse. `stop()` may come before `start()`, and twice. */
export interface Component {
  readonly name: string;
  start(): Promise<void>;
  stop(): Promise<void>;
  info?(): Readonly<Record<string, unknown>>;
}
