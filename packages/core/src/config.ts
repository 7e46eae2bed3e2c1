import { isDeepStrictEqual } from 'node:util';
import { didYouMean } from './did-you-mean.ts';
import { ImproperlyConfigured } from './errors.ts';
import { RULES } from './setting-rules.ts';
import { DEFAULTS, PRESETS } from './settings.ts';
import type { Settings } from './settings.ts';
import { toCamel, toSnake } from './spelling.ts';
import { maskUrl } from './url.ts';

/** Everything resolved: runtime changes over configuration objects over the preset over defaults. */
export type Config = Readonly<Settings>;

/** The name of a setting. */
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

/** Which layer was changed. */
export type ConfigLayer = 'object' | 'runtime';

/** The layers of an app's configuration, and the frozen sum of them. */
export class ConfigLayers {
  readonly conf: Conf;
  readonly #layers: { preset: Partial<Settings>; object: Partial<Settings>; runtime: Partial<Settings> };
  /** Modules to import besides those of the setting `include`. */
  readonly #found = new Set<string>();
  #resolved: Config | undefined;
  readonly #changed: (names: readonly SettingName[], layer: ConfigLayer) => void;

  constructor(options: {
    readonly preset?: 'celery';
    /** Called after every change, with the names of the settings that have another value now. */
    readonly onChange: (names: readonly SettingName[], layer: ConfigLayer) => void;
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
    this.#resolved ??= this.#resolve();
    return this.#resolved;
  }

  /** Whether the user has given this setting, in any layer. */
  isGiven(name: SettingName): boolean {
    return name in this.#layers.object || name in this.#layers.runtime;
  }

  /** What the user has given, in any layer. */
  get given(): Partial<Settings> {
    return { ...this.#layers.object, ...this.#layers.runtime };
  }

  /** Replaces the layer below runtime changes. */
  setObject(values: Readonly<Record<string, unknown>>): void {
    const object = checked(values);
    this.#change('object', () => {
      this.#layers.object = object;
    });
  }

  update(changes: Readonly<Record<string, unknown>>): void {
    const values = checked(changes);
    this.#change('runtime', () => {
      this.#layers.runtime = { ...this.#layers.runtime, ...values };
    });
  }

  /** Adds modules to the setting `include`, whatever it is or will be. */
  addIncludes(names: readonly string[]): void {
    for (const name of names) this.#found.add(name);
    this.#resolved = undefined;
  }

  #resolve(): Config {
    const { preset, object, runtime } = this.#layers;
    const sum: Settings = { ...DEFAULTS, ...preset, ...object, ...runtime };
    if (this.#found.size > 0) sum.include = [...new Set([...sum.include, ...this.#found])];
    return Object.freeze(sum);
  }

  /** Tells which settings have another value now. */
  #change(layer: ConfigLayer, change: () => void): void {
    const before = this.resolved;
    change();
    this.#resolved = undefined;
    const now = this.resolved;
    this.#changed(
      NAMES.filter((name) => !isDeepStrictEqual(before[name], now[name])),
      layer,
    );
  }

  #makeConf(): Conf {
    const conf = { update: (changes: Readonly<Record<string, unknown>>) => this.update(changes) };
    Object.defineProperty(conf, 'update', { enumerable: false });
    for (const name of NAMES) {
      Object.defineProperty(conf, name, {
        enumerable: true,
        get: () => this.resolved[name],
        set: (value: unknown) => {
          this.update({ [name]: value });
        },
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
  for (const [key, given] of Object.entries(values)) {
    if (given === undefined) continue;
    const name = settingName(key);
    const rule = RULES[name];
    const value = rule.normal ? rule.normal(given) : given;
    if (!rule.fits(value))
      throw new ImproperlyConfigured(`The setting ${name} must be ${rule.is}, not ${show(value)}.`);
    if (Object.hasOwn(result, name))
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

/** Every setting, in the order of the manual. */
export function settingNames(): readonly SettingName[] {
  return NAMES;
}

/** For an error message: short, and without the passwords of URLs. */
function show(value: unknown): string {
  try {
    return maskUrl(JSON.stringify(value) ?? String(value)).slice(0, 200);
  } catch {
    return Object.prototype.toString.call(value);
  }
}
