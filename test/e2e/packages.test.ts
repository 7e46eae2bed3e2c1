import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serviceUrl } from '@tq/testkit';
import { EmptyProject } from './support/empty-project.ts';
import { RunningProgram } from './support/running-program.ts';
import { mustRun } from './support/run-program.ts';
import { PUBLIC, packAll, withDependencies } from './support/tarballs.ts';
import type { Tarball } from './support/tarballs.ts';

const PROGRAMS = join(import.meta.dirname, 'fixtures/packages');

/** What users install together, and the programs of fixtures/packages that use it. */
const PROJECTS = {
  'core alone': { wanted: ['@tq/core'], programs: ['core'] },
  'core and memory': { wanted: ['@tq/core', '@tq/memory'], programs: ['memory', 'sending'] },
  'core and sqlite': { wanted: ['@tq/core', '@tq/sqlite'], programs: ['sqlite', 'sending'] },
  'core, worker, pool and sqlite': {
    wanted: ['@tq/core', '@tq/worker', '@tq/pool', '@tq/sqlite'],
    programs: ['worker'],
  },
  'core, RabbitMQ and Redis': {
    wanted: ['@tq/core', '@tq/broker-amqp', '@tq/broker-redis', '@tq/backend-redis', '@tq/backend-rpc'],
    programs: ['brokers'],
  },
  'core and the cli': { wanted: ['@tq/core', '@tq/cli'], programs: ['cli'] },
} as const;

type Title = keyof typeof PROJECTS;

/** The most a tarball may weigh, in kB. A package that grows past its line has to say so here. */
const LIMITS: Readonly<Record<string, number>> = {
  '@tq/backend-redis': 50,
  '@tq/backend-rpc': 50,
  '@tq/broker-amqp': 80,
  '@tq/broker-redis': 100,
  '@tq/canvas': 40,
  '@tq/cli': 200,
  '@tq/control': 50,
  '@tq/core': 440,
  '@tq/events': 60,
  '@tq/memory': 40,
  '@tq/multi': 80,
  '@tq/pool': 120,
  '@tq/sqlite': 120,
  '@tq/virtual': 80,
  '@tq/worker': 230,
};

let tarballs: ReadonlyMap<string, Tarball>;
const temporary = mkdtempSync(join(tmpdir(), 'tq-packed-'));
const projects = new Map<Title, Promise<EmptyProject>>();

beforeAll(async () => {
  tarballs = await packAll(temporary);
}, 120_000);

afterAll(async () => {
  for (const opened of await Promise.allSettled(projects.values())) {
    if (opened.status === 'fulfilled') opened.value[Symbol.dispose]();
  }
  rmSync(temporary, { recursive: true, force: true });
});

/** The project of that title, installed at the first call. */
function projectWith(title: Title): Promise<EmptyProject> {
  let project = projects.get(title);
  if (!project) projects.set(title, (project = makeProject(title)));
  return project;
}

async function makeProject(title: Title): Promise<EmptyProject> {
  const { wanted, programs } = PROJECTS[title];
  const project = new EmptyProject();
  await project.install(withDependencies(wanted).map(tarballOf));
  for (const folder of programs) project.add(join(PROGRAMS, folder));
  // A user's shell knows no servers of the tests.
  const servers = { amqp: serviceUrl('amqp').href, redis: new URL('/10', serviceUrl('redis')).href };
  writeFileSync(join(project.folder, 'servers.json'), JSON.stringify(servers));
  return project;
}

function tarballOf(name: string): Tarball {
  const tarball = tarballs.get(name);
  if (!tarball) throw new Error(`${name} was not packed`);
  return tarball;
}

describe.each(PUBLIC)('the tarball of %s', (name) => {
  test('holds built files with their sources, a licence, a manual and nothing else', () => {
    const { files } = tarballOf(name);
    const sources = new Set(files.filter((file) => /^src\/.+\.ts$/.test(file)));
    const strays = files.filter((file) => {
      if (['LICENSE', 'README.md', 'package.json'].includes(file)) return false;
      const built = /^dist\/(.+?)\.(js|js\.map|d\.ts|d\.ts\.map)$/.exec(file);
      return built ? !sources.has(`src/${built[1] as string}.ts`) : !sources.has(file);
    });
    // A file in dist without its source is left from an earlier build: npm run clean.
    expect(strays).toEqual([]);
    const needed = ['LICENSE', 'README.md', 'dist/index.js', 'dist/index.d.ts'];
    expect(needed.filter((file) => !files.includes(file))).toEqual([]);
    expect(files.filter((file) => /^dist\/.+\.js$/.test(file))).toHaveLength(sources.size);
  });

  test('weighs no more than its limit', () => {
    expect(Object.keys(LIMITS)).toContain(name);
    expect(tarballOf(name).size / 1000).toBeLessThanOrEqual(LIMITS[name] as number);
  });
});

describe.each(Object.keys(PROJECTS) as Title[])('an empty project with %s', (title) => {
  let project: EmptyProject;

  beforeAll(async () => {
    project = await projectWith(title);
  }, 180_000);

  test('has of ours what it needs and nothing else', () => {
    const ours = project.installed().filter((name) => name.startsWith('@tq/'));
    expect(ours).toEqual(withDependencies(PROJECTS[title].wanted));
  });

  test('works with import', async () => {
    expect(await project.node('main.mjs')).toBe('done\n');
  });

  test('works with require', async () => {
    expect(await project.node('main.cjs')).toBe('done\n');
  });

  test('works for TypeScript with nodenext, as a module and as CommonJS', async () => {
    await project.compile(['main.ts', 'main.cts'], { module: 'nodenext', outDir: 'out' });
    expect(await project.node('out/main.js')).toBe('done\n');
    expect(await project.node('out/main.cjs')).toBe('done\n');
  });

  test('compiles for a bundler', async () => {
    await project.compile(['main.ts'], { module: 'esnext', moduleResolution: 'bundler', noEmit: true });
  });
});

test('core alone brings no other package', async () => {
  const project = await projectWith('core alone');
  expect(project.installed()).toEqual(['@tq/core']);
}, 180_000);

test('requiring core loads files of core and nothing else', async () => {
  const project = await projectWith('core, worker, pool and sqlite');
  const loaded = JSON.parse(await project.node('loads.cjs')) as readonly string[];
  expect(loaded.some((url) => url.endsWith('/@tq/core/dist/index.js'))).toBe(true);
  const isForeign = (url: string): boolean => !/^node:|\/node_modules\/@tq\/core\/dist\//.test(url);
  expect(loaded.filter(isForeign)).toEqual([]);
}, 180_000);

test('the program runs a worker, sends it a task and shows the result', async () => {
  const { folder: cwd } = await projectWith('core and the cli');
  const program = join(cwd, 'node_modules/.bin/tq');
  const tq = (...args: readonly string[]): Promise<string> =>
    mustRun(program, ['-A', 'proj', ...args], { cwd });

  await using worker = new RunningProgram(program, ['-A', 'proj', 'worker', '-l', 'info', '-c', '1'], {
    cwd,
  });
  await worker.says(/ready\./);
  const id = (await tq('call', 'proj.tasks.add', '-a', '[2, 2]')).trim();
  expect(await tq('result', id)).toBe('4\n');
  expect(await worker.stop('SIGTERM')).toBe(0);
}, 180_000);
