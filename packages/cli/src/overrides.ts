import type { Config, SettingName } from '@tq/core';
import { settingName, toError } from '@tq/core/internal';
import { UsageError } from './errors.ts';

/** Settings of the words after `--`: `worker.prefetch_multiplier=8`, `taskTimeLimit=30`. @throws UsageError */
export function readOverrides(words: readonly string[]): Partial<Config> {
  return Object.fromEntries(words.map(readOverride));
}

function readOverride(word: string): readonly [name: SettingName, value: unknown] {
  const at = word.indexOf('=');
  if (at < 1)
    throw new UsageError(`${JSON.stringify(word)} after "--" is no setting.`, {
      remedy: 'Settings are given as name=value: -- worker.prefetch_multiplier=8',
    });
  try {
    return [settingName(word.slice(0, at).replaceAll('.', '_')), readValue(word.slice(at + 1))];
  } catch (error) {
    throw new UsageError(toError(error).message, { cause: error });
  }
}

/** JSON where it is JSON, else a text: `8`, `null`, `["json"]`, `10s`. */
function readValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
