// Begins a package: node tools/new-package/create.mjs <name> "<description>"
// Its place in the dependency table (tools/graph.mjs) comes first.
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { MAY_IMPORT, PRIVATE } from '../graph.mjs';
import { ROOT, SCOPE, readJson } from '../repository.mjs';

const TEMPLATE = join(import.meta.dirname, 'template');

const [name, description] = process.argv.slice(2);
const refusal = whyNot();
if (refusal !== undefined) {
  console.error(refusal);
  process.exit(64);
}

const folder = join(ROOT, 'packages', name);
for (const file of readdirSync(TEMPLATE, { recursive: true, withFileTypes: true })) {
  if (!file.isFile()) continue;
  const from = join(file.parentPath, file.name);
  const to = join(folder, from.slice(TEMPLATE.length));
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, fill(readFileSync(from, 'utf8')));
}
writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest(), null, 2)}\n`);
if (!PRIVATE.includes(name)) copyFileSync(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'));
await import('../sync-references.mjs');
console.log(`packages/${name} is there. Next: npm install, then src/index.ts, its test and the README.`);

function whyNot() {
  if (!name || !description) return 'Usage: node tools/new-package/create.mjs <name> "<description>"';
  if (!Object.hasOwn(MAY_IMPORT, name)) {
    return `${name} has no row in the dependency table: add it to tools/graph.mjs and docs/architecture.md first.`;
  }
  return existsSync(join(ROOT, 'packages', name)) ? `packages/${name} exists already.` : undefined;
}

function fill(text) {
  return text.replaceAll('__NAME__', name).replaceAll('__DESCRIPTION__', description);
}

function manifest() {
  const { version } = readJson(join(ROOT, 'lerna.json'));
  const { engines } = readJson(join(ROOT, 'package.json'));
  const isPrivate = PRIVATE.includes(name);
  return {
    name: SCOPE + name,
    version,
    ...(isPrivate && { private: true }),
    description,
    keywords: ['celery', 'distributed', 'jobs', 'task-queue'],
    license: 'MIT',
    files: ['dist', 'src', '!dist/.tsbuildinfo'],
    type: 'module',
    sideEffects: false,
    exports: {
      '.': { types: './dist/index.d.ts', default: './dist/index.js' },
      './package.json': './package.json',
    },
    ...(!isPrivate && { publishConfig: { access: 'public' } }),
    dependencies: name === 'core' ? {} : { '@tq/core': version },
    devDependencies: isPrivate ? {} : { '@tq/testkit': version },
    engines,
  };
}
