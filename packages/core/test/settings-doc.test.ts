import { readFileSync } from 'node:fs';
import { settingNames } from '@tq/core/internal';
import { RULES } from '../src/setting-rules.ts';
import { DEFAULTS, PRESETS } from '../src/settings.ts';

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

test('docs/settings.md has every setting, each once, in order', () => {
  const names = [...read('docs/settings.md').matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
  expect(names).toEqual(settingNames());
});

test('docs/settings.md is what tools/settings-doc.mjs makes of the docstrings, rules and defaults', async () => {
  const { settingsDoc } = (await import(
    new URL('../../../tools/settings-doc.mjs', import.meta.url).href
  )) as {
    readonly settingsDoc: (source: string, values: object) => string;
  };
  const made = settingsDoc(read('packages/core/src/settings.ts'), { DEFAULTS, PRESETS, RULES });
  expect(read('docs/settings.md')).toBe(made);
});
