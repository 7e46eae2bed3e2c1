import { didYouMean } from './did-you-mean.ts';
import { ImproperlyConfigured } from './errors.ts';
import { DEFAULTS, PRESETS, RULES } from './settings.ts';
import type { Settings } from './settings.ts';

/** Everything resolved: runtime changes over configuration objects over the preset over defaults. */
export type Config = Readonly<Settings>;

export type SettingName = keyof Settings;

/**
 * `app.conf`: read and assign settings as properties, change several with `update()`.
 * Unknown names and wrong values are refused at once, with a hint.
 */
export type Conf = Settings & {
  /** Changes settings, camelCase or Celery's snake_case; takes effect from the next use. */
  update(changes: Partial<Settings> | Readonly<Record<string, unknown>>): void;
};

const NAMES = Object.keys(DEFAULTS) as SettingName[];
const BY_SNAKE = new Map(NAMES.map((name) => [toSnake(name), name]));

/** The layers of an app's configuration, and the frozen sum of them. */
export class ConfigLayers {
  readonly conf: Conf;
  readonly #layers: { preset: Partial<Settings>; object: Partial<Settings>; runtime: Partial<Settings> };
  #resolved: Config | undefined;
  /** Called after a change, with the changed names. */
  readonly #changed: (names: readonly SettingName[]) => void;

  constructor(options: {
    readonly preset?: 'celery';
    readonly onChange: (names: readonly SettingName[]) => void;
  }) {
    const preset = options.preset === undefined ? {} : PRESETS[options.preset];
    if (preset === undefined)
      throw new ImproperlyConfigured(
        `There is no preset ${JSON.stringify(options.preset)}; tq has 'celery'.`,
      );
    this.#layers = { preset, object: {}, runtime: {} };
    this.#changed = options.onChange;
    this.conf = this.#makeConf();
  }

  /** What holds now. The same object until something changes. */
  get resolved(): Config {
    this.#resolved ??= Object.freeze({
      ...DEFAULTS,
      ...this.#layers.preset,
      ...this.#layers.object,
      ...this.#layers.runtime,
    });
    return this.#resolved;
  }

  /** Whether the user has given this setting, in any layer. */
  isGiven(name: SettingName): boolean {
    return name in this.#layers.object || name in this.#layers.runtime;
  }

  /** Replaces the layer below runtime changes. */
  setObject(values: Readonly<Record<string, unknown>>): void {
    this.#layers.object = checked(values);
    this.#afterChange(NAMES);
  }

  update(changes: Readonly<Record<string, unknown>>): void {
    const values = checked(changes);
    this.#layers.runtime = { ...this.#layers.runtime, ...values };
    this.#afterChange(Object.keys(values) as SettingName[]);
  }

  #afterChange(names: readonly SettingName[]): void {
    this.#resolved = undefined;
    this.#changed(names);
  }

  #makeConf(): Conf {
    const conf = { update: (changes: Readonly<Record<string, unknown>>) => this.update(changes) };
    Object.defineProperty(conf, 'update', { enumerable: false });
    for (const name of NAMES) {
      Object.defineProperty(conf, name, {
        enumerable: true,
        get: () => this.resolved[name],
        set: (value: unknown) => this.update({ [name]: value }),
      });
    }
    // Assigning a mistyped name throws like update() does, instead of creating a property nobody reads.
    return new Proxy(conf as Conf, {
      set: (target, key, value: unknown) => {
        if (typeof key === 'string') this.update({ [key]: value });
        return typeof key === 'string' || Reflect.set(target, key, value);
      },
    });
  }
}

/** Names turned to camelCase, values checked. */
function checked(values: Readonly<Record<string, unknown>>): Partial<Settings> {
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined) continue;
    const name = settingName(key);
    const rule = RULES[name];
    if (!rule.fits(value))
      throw new ImproperlyConfigured(`The setting ${name} must be ${rule.is}, not ${show(value)}.`);
    if (name in result)
      throw new ImproperlyConfigured(
        `The setting ${name} is given twice, as ${key} and in another spelling.`,
      );
    result[name] = value;
  }
  return result as Partial<Settings>;
}

/** The canonical name of a setting in camelCase, snake_case or old upper case. */
export function settingName(key: string): SettingName {
  if (Object.hasOwn(DEFAULTS, key)) return key as SettingName;
  const snake = BY_SNAKE.get(key.toLowerCase()) ?? BY_SNAKE.get(key.toLowerCase().replace(/^celery_/, ''));
  if (snake) return snake;
  const near = didYouMean(toCamel(key), NAMES);
  throw new ImproperlyConfigured(
    `Unknown setting ${JSON.stringify(key)}.${near ? ` Did you mean ${near}?` : ' See docs/settings.md for the list.'}`,
  );
}

export function settingNames(): readonly SettingName[] {
  return NAMES;
}

function toSnake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function toCamel(name: string): string {
  if (!name.includes('_')) return name;
  return name.toLowerCase().replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function show(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}
