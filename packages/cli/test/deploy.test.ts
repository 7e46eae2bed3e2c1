// The files of docs/deploy: that systemd and Kubernetes can read them, and that tq understands the commands in them.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { inspect } from '../src/commands/inspect.ts';
import { worker } from '../src/commands/worker.ts';
import { main } from '../src/main.ts';
import { parse } from '../src/parse.ts';
import { scan } from '../src/scan.ts';
import { keysUnlike, MANIFESTS } from './manifest-shapes.ts';
import { fakeTerminal } from './terminal.ts';

const FOLDER = join(import.meta.dirname, '../../../docs/deploy');
const read = (...path: readonly string[]): string => readFileSync(join(FOLDER, ...path), 'utf8');

describe('the units of systemd', () => {
  const UNITS = ['tq-worker@.service', 'tq-multi.service'];
  const analyze = (...args: readonly string[]) => spawnSync('systemd-analyze', args, { encoding: 'utf8' });
  const whereSystemd = analyze('--version').status === 0 ? test : test.skip;

  whereSystemd.each(UNITS)('%s is what systemd understands', (unit) => {
    const { status, stdout, stderr } = analyze('verify', '--man=no', join(FOLDER, 'systemd', unit));
    // A misspelt key is a warning to it.
    expect({ status, said: stdout + stderr }).toEqual({ status: 0, said: '' });
  });

  test.each(UNITS)('%s consists of sections and keys', (unit) => {
    const lines = read('systemd', unit)
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(lines.filter((line) => /^\[.+\]$/.test(line))).toEqual(['[Unit]', '[Service]', '[Install]']);
    expect(lines.filter((line) => !/^(\[\w+\]|[A-Z]\w+=.+)$/.test(line))).toEqual([]);
  });

  /** The words of tq in a line such as ExecStart=, as systemd makes them. */
  const wordsOf = (
    unit: string,
    key: string,
    variables: Readonly<Record<string, string>>,
  ): readonly string[] => {
    const line = new RegExp(`^${key}=/usr/bin/env node_modules/\\.bin/tq (.+)$`, 'm').exec(
      read('systemd', unit),
    )?.[1];
    return (line ?? '')
      .replace(/\$(\w+)/g, (_, name: string) => variables[name] ?? '')
      .replaceAll(/(?<!%)%i/g, 'w1')
      .replaceAll('%%', '%')
      .split(' ')
      .filter((word) => word !== '');
  };

  test('the worker is started by a command that tq knows', async () => {
    const { command, others } = scan(
      wordsOf('tq-worker@.service', 'ExecStart', { TQ_OPTIONS: '-c 4 -Q images,video' }),
    );
    expect(command).toBe('worker');
    const { globals, options } = await parse(worker, others);
    expect(globals.app).toBe('proj');
    expect(options).toMatchObject({
      hostname: 'w1@%h',
      loglevel: 'INFO',
      concurrency: 4,
      queues: ['images', 'video'],
    });
  });

  test('what multi starts it finds again, and systemd too', async () => {
    const variables = Object.fromEntries(
      read('systemd', 'tq.env')
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#'))
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
    const shown = async (key: string, instead: string): Promise<readonly string[]> => {
      const words = wordsOf('tq-multi.service', key, variables);
      const terminal = fakeTerminal();
      expect(await main(words.toSpliced(1, 1, instead), terminal)).toBe(0);
      expect(terminal.complained()).toBe('');
      return terminal.printed().trim().split('\n');
    };
    const pidFiles = (lines: readonly string[]) => lines.map((line) => /--pidfile=(\S+)/.exec(line)?.[1]);
    const started = await shown('ExecStart', 'show');
    expect(await shown('ExecReload', 'show')).toEqual(started);
    expect(pidFiles(await shown('ExecStop', 'show'))).toEqual(pidFiles(started));
    expect(started[0]).toMatch(
      /-A proj -l info -c 4 -Q images,video -n w1@\S+ .*--logfile=\/var\/log\/tq\/w1%I\.log$/,
    );
    expect(read('systemd', 'tq-multi.service')).toContain(`PIDFile=${pidFiles(started)[0] as string}\n`);
  });
});

describe('the manifests of Kubernetes', () => {
  const documents = parseAllDocuments(read('kubernetes', 'worker.yaml'), { strict: true, uniqueKeys: true });
  const manifests = documents.map((document) => document.toJS() as Manifest);
  interface Manifest {
    readonly apiVersion: string;
    readonly kind: string;
    readonly metadata: { readonly name: string };
    readonly spec: Deployment;
  }
  interface Deployment {
    readonly selector: { readonly matchLabels: object };
    readonly template: {
      readonly metadata: { readonly labels: object };
      readonly spec: { readonly containers: readonly Container[] };
    };
  }
  interface Probe {
    readonly exec: { readonly command: readonly string[] };
  }
  interface Container {
    readonly command: readonly string[];
    readonly args: readonly string[];
    readonly startupProbe: Probe;
    readonly readinessProbe: Probe;
    readonly livenessProbe: Probe;
  }
  const deployment = manifests.find(({ kind }) => kind === 'Deployment')?.spec as Deployment;
  const container = deployment.template.spec.containers[0] as Container;

  test('are YAML without doubts', () => {
    expect(documents.flatMap(({ errors, warnings }) => [...errors, ...warnings])).toEqual([]);
  });

  test.each(manifests.map((manifest) => [`${manifest.apiVersion} ${manifest.kind}`, manifest]))(
    '%s has the fields that Kubernetes knows, of their types',
    (kind, manifest) => {
      expect(Object.keys(MANIFESTS)).toContain(kind);
      expect(keysUnlike(manifest, MANIFESTS[kind as string])).toEqual([]);
    },
  );

  test('a field that is misspelt, missing or of another type is found', () => {
    const text = read('kubernetes', 'worker.yaml');
    const after = (from: string, to: string) =>
      parseAllDocuments(text.replace(from, to)).flatMap((document) => {
        const { apiVersion, kind } = document.toJS() as Manifest;
        return keysUnlike(document.toJS(), MANIFESTS[`${apiVersion} ${kind}`]);
      });
    expect(after('livenessProbe', 'livenesProbe')).toEqual([
      'spec.template.spec.containers.0.livenesProbe is unknown',
    ]);
    expect(after('replicas: 2', 'replicas: two')).toEqual(['spec.replicas should be integer']);
    expect(after('image: registry.example.com/proj:1.0.0', '')).toEqual([
      'spec.template.spec.containers.0.image is missing',
    ]);
    expect(after("-c, '4'", '-c, 4')).toEqual(['spec.template.spec.containers.0.args.6 should be string']);
  });

  test('the deployment selects its own pods', () => {
    expect(deployment.template.metadata.labels).toMatchObject(deployment.selector.matchLabels);
  });

  test('the container is a worker', async () => {
    expect(container.command).toEqual(['node', 'node_modules/@tq/cli/dist/bin.js']);
    const { command, others } = scan(container.args);
    expect(command).toBe('worker');
    expect((await parse(worker, others)).options).toMatchObject({ concurrency: 4, logFormat: 'json' });
  });

  test.each(['startupProbe', 'readinessProbe', 'livenessProbe'] as const)(
    '%s asks this very node',
    async (name) => {
      // Kubernetes fills no variables in here, so a shell has to.
      expect(container[name].exec.command).toEqual([
        'sh',
        '-c',
        'exec node node_modules/@tq/cli/dist/bin.js inspect ping -d celery@$HOSTNAME -t 5',
      ]);
      const { command, others } = scan(container[name].exec.command[2]?.split(' ').slice(3) ?? []);
      expect(command).toBe('inspect');
      expect(await parse(inspect, others)).toMatchObject({
        words: ['ping'],
        options: { destination: ['celery@$HOSTNAME'], timeout: 5 },
      });
    },
  );
});
