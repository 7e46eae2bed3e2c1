import { isDriver } from './connect.ts';
import type { BrokerSetting } from './connect.ts';
import type { BackendSetting } from './connections.ts';
import { findBackend, findTransport } from './drivers.ts';
import { maskUrl, parseUrl } from './url.ts';

/** Whose addresses are shown; an app. */
interface Addressed {
  readonly brokerSetting: BrokerSetting;
  readonly backendSetting: BackendSetting;
  readonly folder: string;
}

/** Where an app's messages go, for people: no passwords, and the file that `sqlite://` stands for. */
export async function shownBroker({ brokerSetting: setting, folder }: Addressed): Promise<string> {
  if (isDriver(setting)) return maskUrl(setting.url ?? `${setting.transport.traits.driver}://`);
  const texts = typeof setting === 'string' ? setting.split(';') : setting;
  const shown = texts.map((text) => shownUrl(text, 'broker', (url) => findTransport(url, folder)));
  return (await Promise.all(shown)).join(';');
}

/** Where an app's results go; `disabled://` for nowhere. */
export async function shownBackend({ backendSetting: setting, folder }: Addressed): Promise<string> {
  if (setting === null) return 'disabled://';
  if (typeof setting !== 'string') return maskUrl(setting.url ?? 'custom://');
  return shownUrl(setting, 'result backend', (url) => findBackend(url, folder));
}

async function shownUrl(
  text: string,
  what: string,
  find: (url: URL) => Promise<{ place?(url: URL): string }>,
): Promise<string> {
  try {
    const url = parseUrl(text, what);
    const driver = await find(url);
    return driver.place?.(url) ?? maskUrl(text);
  } catch {
    return maskUrl(text); // whoever connects tells what is wrong with it
  }
}
