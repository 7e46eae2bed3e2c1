// Writes docs/settings.md from the docstrings, rules and defaults in packages/core/src. `--check` changes nothing and
// fails when something would change. Reads the built package for values: run `npm run build` first.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from './repository.mjs';

const SOURCE = join(ROOT, 'packages/core/src/settings.ts');
const TARGET = join(ROOT, 'docs/settings.md');

const HEAD = `# Settings

<!-- Made from packages/core/src/settings.ts by \`node tools/settings-doc.mjs\`. -->

Settings are read and changed in \`app.conf\`: \`app.conf.update({ resultExpires: 3600 })\`, \`app.conf.timezone = 'Europe/London'\`, or
\`createApp('proj', { conf: { … } })\`. Names are Celery's in camelCase; Celery's own spelling is understood as well. Unknown names and
wrong values are refused at once, with a hint. What is changed at run time wins over \`app.configFromObject()\`, that over the preset,
that over the defaults. A setting that is an object or a list is replaced as a whole, never merged.

Times are seconds, or a text with its unit: \`'250ms'\`, \`'10s'\`, \`'5m'\`, \`'1h'\`, \`'2d'\`. Where tq's default differs from Celery's,
Celery's is in brackets; \`createApp('proj', { preset: 'celery' })\` takes all of those. Settings without a Celery name are tq's own.
`;

/**
 * The manual as Markdown.
 * @param source text of settings.ts
 * @param values `DEFAULTS` and `PRESETS` of settings.ts, `RULES` of setting-rules.ts
 */
export function settingsDoc(source, { DEFAULTS, PRESETS, RULES }) {
  const sections = sectionsOf(source);
  const documented = sections.flatMap(({ settings }) => settings.map(({ name }) => name));
  const missing = Object.keys(DEFAULTS).filter((name) => !documented.includes(name));
  if (missing.length > 0) throw new Error(`Settings without a docstring: ${missing.join(', ')}`);
  const row = ({ name, meaning, stated }) => {
    const value = JSON.stringify(DEFAULTS[name]);
    if (stated !== value)
      throw new Error(`The docstring of ${name} says @default ${stated}, but it is ${value}`);
    const celery = name in PRESETS.celery ? ` (Celery: ${code(PRESETS.celery[name])})` : '';
    const own = meaning.endsWith(' Only in tq.');
    const cells = [
      `\`${name}\``,
      own ? '–' : `\`${snake(name)}\``,
      RULES[name].is.replaceAll('|', '\\|'),
      `${code(DEFAULTS[name])}${celery}`,
      own ? meaning.slice(0, -' Only in tq.'.length) : meaning,
    ];
    return `| ${cells.join(' | ')} |`;
  };
  const tables = sections.map(({ title, settings }) =>
    [
      `## ${title}`,
      '',
      '| setting | in Celery | value | default | meaning |',
      '| --- | --- | --- | --- | --- |',
      ...settings.map(row),
    ].join('\n'),
  );
  return `${HEAD}\n${tables.join('\n\n')}\n`;
}

/** The members of the interface Settings under their headings. */
function sectionsOf(source) {
  const start = source.indexOf('export interface Settings {');
  const body = source.slice(start, source.indexOf('\n}\n', start));
  const sections = [];
  const pattern = /^ {2}\/\/ (?<title>.+)$|^ {2}\/\*\*(?<doc>[^]*?)\*\/\n {2}(?<name>\w+):/gm;
  for (const { groups } of body.matchAll(pattern)) {
    if (groups.title) sections.push({ title: groups.title, settings: [] });
    else sections.at(-1).settings.push({ name: groups.name, ...docOf(groups.doc) });
  }
  return sections;
}

function docOf(doc) {
  const text = doc
    .replaceAll(/^\s*\* ?/gm, '')
    .replaceAll(/\s+/g, ' ')
    .replaceAll('*\\/', '*/')
    .trim();
  const [meaning, stated] = text.split(' @default ');
  return { meaning: meaning.replaceAll('|', '\\|'), stated };
}

function code(value) {
  return `\`${JSON.stringify(value).replaceAll('|', '\\|')}\``;
}

function snake(name) {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

async function main() {
  const built = (name) => import(pathToFileURL(join(ROOT, `packages/core/dist/${name}.js`)).href);
  const values = { ...(await built('settings')), ...(await built('setting-rules')) };
  const text = settingsDoc(readFileSync(SOURCE, 'utf8'), values);
  if (!process.argv.includes('--check')) writeFileSync(TARGET, text);
  else if (readFileSync(TARGET, 'utf8') !== text) {
    console.error('docs/settings.md is out of date. Run: node tools/settings-doc.mjs');
    process.exitCode = 1;
  }
}

if (process.argv[1] === import.meta.filename) await main();
