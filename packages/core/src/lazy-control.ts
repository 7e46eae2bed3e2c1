import type { AskOptions, Control, Inspect } from './types/control.ts';

/** Every call loads what it is made on first; so the package that answers is imported at its first use. */
export function lazyControl(load: () => Promise<Control>): Control {
  return forwarding<Control>(load, {
    inspect: (options?: AskOptions) => forwarding<Inspect>(async () => (await load()).inspect(options), {}),
  });
}

type Method = (...args: unknown[]) => unknown;

function forwarding<T extends object>(load: () => Promise<T>, own: object): T {
  return new Proxy(own as T, {
    get(target, name) {
      // Whoever awaits it must get it, rather than what it would load.
      if (typeof name === 'symbol' || name === 'then') return undefined;
      if (Object.hasOwn(target, name)) return (target as Record<string, unknown>)[name];
      return async (...args: unknown[]) => {
        const loaded = (await load()) as Record<string, Method | undefined>;
        const method = loaded[name];
        if (typeof method !== 'function') throw new TypeError(`app.control has no ${name}().`);
        return method.apply(loaded, args);
      };
    },
  });
}
