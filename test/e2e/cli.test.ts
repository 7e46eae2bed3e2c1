// The program as people use it: real processes, the built output, files in a folder of their own.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { clientOf, until } from './support/client.ts';
import { bin, Workplace } from './support/worker-process.ts';

let place: Workplace;

beforeEach(() => {
  place = new Workplace();
});
afterEach(() => place[Symbol.dispose]());

interface Said {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `tq` to its end, in the folder of the app. */
function tq(
  args: readonly string[],
  options: { readonly input?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Said> {
  return run(process.execPath, [bin, ...args], options);
}

function run(
  command: string,
  args: readonly string[],
  options: { readonly input?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Said> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: place.folder,
      env: { ...place.env, ...options.env },
      timeout: 30_000,
      killSignal: 'SIGKILL',
    });
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (text: string) => (said[name] += text));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...said }));
    child.stdin.end(options.input ?? '');
  });
}

const APP = ['-A', 'app/tq'];
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}\n$/;

describe('calls and results', () => {
  test('one shell works, another sends and reads', async () => {
    await place.worker('-c', '2').ready();
    const sent = await tq([...APP, 'call', 'proj.tasks.add', '-a', '[2,2]']);
    expect(sent).toEqual({ code: 0, stdout: expect.stringMatching(UUID), stderr: '' });
    const id = sent.stdout.trim();
    expect(await tq([...APP, 'result', id])).toEqual({ code: 0, stdout: '4\n', stderr: '' });
    expect(await tq(['result', id, ...APP])).toEqual({ code: 0, stdout: '4\n', stderr: '' });
    expect(await tq(['result', id], { env: { TQ_APP: 'app.tq' } })).toEqual({
      code: 0,
      stdout: '4\n',
      stderr: '',
    });
    expect(JSON.parse((await tq([...APP, 'result', id, '--json'])).stdout)).toMatchObject({
      id,
      status: 'SUCCESS',
      result: 4,
      traceback: null,
    });

    const echo = await tq([...APP, 'call', 'proj.tasks.echo', '-a', '["four"]', '--wait']);
    expect(echo).toEqual({ code: 0, stdout: 'four\n', stderr: '' });
  });

  test('a failure is a sentence, exit code 1, and a traceback on demand', async () => {
    await place.worker('-c', '1').ready();
    const failed = await tq([...APP, 'call', 'proj.tasks.fail', '-a', '["no luck"]', '--wait', '--json']);
    const { id, ...meta } = JSON.parse(failed.stdout) as { readonly id: string };
    expect(failed.code).toBe(1);
    expect(meta).toMatchObject({ status: 'FAILURE', result: { error: 'ValueError', message: 'no luck' } });
    expect(await tq([...APP, 'result', id, '-t', 'proj.tasks.fail'])).toEqual({
      code: 1,
      stdout: '',
      stderr: `proj.tasks.fail[${id}] failed: ValueError: no luck\n--traceback tells where.\n`,
    });
    expect((await tq([...APP, 'result', id, '--traceback'])).stdout).toMatch(
      /RangeError: no luck\n.*tasks\.mjs/s,
    );
  });

  test('a call that waits for nobody gives up in time', async () => {
    const { stdout } = await tq([...APP, 'call', 'proj.tasks.add', '-a', '[2,2]']);
    const id = stdout.trim();
    const pending = `${id} is PENDING: it waits for a worker, or nobody knows this id.\n`;
    expect(await tq([...APP, 'result', id, '--no-wait'])).toEqual({ code: 1, stdout: '', stderr: pending });
    expect(await tq([...APP, 'result', id, '--timeout', '100ms'])).toEqual({
      code: 1,
      stdout: '',
      stderr: pending,
    });
  });

  test('options of the call reach the message', async () => {
    await tq([
      ...APP,
      'call',
      'proj.tasks.context',
      '-k',
      '{"debug": true}',
      '--queue',
      'night',
      '--expires',
      '1h',
      '--priority',
      '3',
    ]);
    await using app = clientOf(place);
    const connection = await app.connect();
    const channel = await connection.openChannel();
    const message = await new Promise<Readonly<Record<string, unknown>>>((resolve) => {
      void channel.consume('night', (delivery) => {
        delivery.ack();
        resolve({ ...delivery.message.headers, priority: delivery.message.properties.priority });
      });
    });
    await connection.close();
    expect(message).toMatchObject({
      task: 'proj.tasks.context',
      kwargsrepr: "{'debug': True}",
      expires: expect.any(String),
      priority: 3,
    });
  });

  test('a name that nobody knows is sent, with a note', async () => {
    const { code, stdout, stderr } = await tq([...APP, 'call', 'proj.tasks.ad']);
    expect([code, UUID.test(stdout)]).toEqual([0, true]);
    expect(stderr).toBe(
      'Note: this app has no task proj.tasks.ad (did you mean proj.tasks.add?); sent by its name all the same.\n',
    );
  });

  test('a broker alone is enough to send', async () => {
    const { code, stdout } = await tq(['-b', place.url, 'call', 'somewhere.else'], {
      env: { TQ_BROKER_URL: undefined },
    });
    expect([code, UUID.test(stdout)]).toEqual([0, true]);
  });

  test('JSON that is none is shown, with its mistake', async () => {
    expect(await tq([...APP, 'call', 'proj.tasks.add', '-a', '[2, x]'])).toEqual({
      code: 64,
      stdout: '',
      stderr: `tq: -a/--args: Malformed JSON at position 4: expected a value, found "x".\n  [2, x]\n      ^\nFor example: -a '[2, 2]'\n`,
    });
  });
});

describe('what goes wrong', () => {
  const modules: readonly (readonly [name: string, source: string, code: number, message: RegExp])[] = [
    [
      'throws.mjs',
      'const a = 1;\nnull.x;',
      1,
      /^tq: Can't import throws\.mjs \(named by -A\): TypeError: .* at throws\.mjs:2:\d+\n$/,
    ],
    [
      'throws.ts',
      'type A = number;\nexport const a: A = 1;\n(null as never)["x"];',
      1,
      /^tq: Can't import throws\.ts .*: TypeError: .* at throws\.ts:3:\d+\n$/,
    ],
    [
      'broken.mjs',
      'const a = 1;\nconst b = ;',
      1,
      /^tq: Can't import broken\.mjs .*: SyntaxError: Unexpected token at broken\.mjs:2:\d+\n$/,
    ],
    [
      'broken.ts',
      'const a: number = 1;\nconst b = ;',
      1,
      /^tq: Can't import broken\.ts .*: SyntaxError: Unexpected token at broken\.ts:2:\d+\n$/,
    ],
    [
      'empty.ts',
      'export const number: number = 1;',
      64,
      /^tq: There is no app at "\.\/empty\.ts" in .*: empty\.ts exports number\. /,
    ],
    [
      'setting.mjs',
      'import { createApp } from "@tq/core";\ncreateApp("x", { conf: { taskRoute: null } });',
      1,
      /Unknown setting "taskRoute"\. Did you mean taskRoutes\?/,
    ],
  ];

  test.each(modules)(
    'an app in %s that can not be loaded is a sentence with its place',
    async (name, source, code, message) => {
      writeFileSync(join(place.folder, name), source);
      const said = await tq(['-A', `./${name}`, 'list', 'bindings']);
      expect(said).toEqual({ code, stdout: '', stderr: expect.stringMatching(message) });
      expect(said.stderr).not.toMatch(/^ {4}at /m);
    },
  );

  test('a module that the settings name and that is not there is named, with the setting', async () => {
    writeFileSync(
      join(place.folder, 'lone.mjs'),
      'import { createApp } from "@tq/core";\nexport const app = createApp("lone", { include: ["proj/taks"] });',
    );
    const { code, stderr } = await tq(['-A', 'lone', 'worker']);
    expect(code).toBe(64);
    expect(stderr).toMatch(/^tq: There is no module "proj\/taks" \(named by setting include\)/);
  });

  test('a broker that can not be reached ends with 69', async () => {
    writeFileSync(join(place.folder, 'file'), '');
    const said = await tq([
      ...APP,
      '-b',
      `sqlite://${join(place.folder, 'file')}/queue.db`,
      'call',
      'proj.tasks.add',
    ]);
    expect(said).toMatchObject({ code: 69, stdout: '' });
    expect(said.stderr).toMatch(/^tq: .*queue\.db/);
  });

  test('a driver that is not installed is named, with the command that installs it', async () => {
    const { code, stderr } = await tq([...APP, '-b', 'nosql://localhost', 'call', 'proj.tasks.add']);
    expect(code).toBe(64);
    expect(stderr).toMatch(/^tq: No driver knows the broker URL scheme "nosql:\/\/"/);
  });

  test('a worker with a setting that is none ends with 64', async () => {
    const { code, stderr } = await tq([...APP, 'worker', '--', 'task.time_limit=soon']);
    expect([code, stderr]).toEqual([
      64,
      expect.stringMatching(/^tq: The setting taskTimeLimit must be seconds, /),
    ]);
  });
});

describe('a worker', () => {
  test('shows its banner on stdout and its log on stderr', async () => {
    const worker = await place.worker('-c', '1', '-n', 'w1@%h', '-Q', 'hipri,celery').ready();
    for (const line of [
      / w1@\S+ v\d/,
      /> app: {9}proj \(app\/tq\.mjs:app\)/,
      /> concurrency: 1 \(prefork\)/,
      /> hipri {12}exchange=hipri\(direct\) key=hipri/,
      / {2}\. proj\.tasks\.add\n/,
    ]) {
      expect(worker.output).toMatch(line);
    }
    expect(worker.output).toMatch(
      /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}: INFO\/MainProcess\] Connected to sqlite:\/\/.*queue\.db$/m,
    );
    expect(worker.output).toMatch(/INFO\/MainProcess\] w1@\S+ ready\.$/m);
  });

  test('logs as JSON, each process to a file of its own', async () => {
    await using app = clientOf(place);
    const worker = await place
      .worker('-c', '1', '--log-format', 'json', '-f', 'log/%n%I.log', '-n', 'w1')
      .says('[tasks]')
      .then(() => place);
    const lines = (name: string): readonly Readonly<Record<string, unknown>>[] =>
      existsSync(join(worker.folder, 'log', name))
        ? readFileSync(join(worker.folder, 'log', name), 'utf8')
            .split('\n')
            .filter(Boolean)
            .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)
        : [];
    await until('the worker is ready', () =>
      lines('w1.log').some(({ message }) => String(message).endsWith(' ready.')),
    );
    const sent = await app.sendTask('proj.tasks.log');
    await sent.get({ timeout: 20 });
    await until("the task's line", () =>
      lines('w1-1.log').some(({ message }) => message === 'from self.log'),
    );
    expect(lines('w1-1.log').find(({ message }) => message === 'from self.log')).toMatchObject({
      level: 'INFO',
      process: 'ForkPoolWorker-1',
      task: 'proj.tasks.log',
      id: sent.id,
    });
    expect(lines('w1.log').some(({ message }) => message === 'from self.log')).toBe(false);
  });

  test('opens its log file again after a rotation, when told to', async () => {
    const worker = place.worker('-c', '1', '-f', 'w.log');
    const log = join(place.folder, 'w.log');
    await until(
      'the worker is ready',
      () => existsSync(log) && readFileSync(log, 'utf8').includes(' ready.'),
    );
    writeFileSync(join(place.folder, 'w.log.1'), readFileSync(log));
    const { renameSync } = await import('node:fs');
    renameSync(log, join(place.folder, 'w.log.1'));
    worker.child.kill('SIGHUP');
    await using app = clientOf(place);
    await app.sendTask('proj.tasks.add', [1, 1]).get({ timeout: 20 });
    await until('a new file', () => existsSync(log) && readFileSync(log, 'utf8').includes('succeeded in'));
    expect(readFileSync(join(place.folder, 'w.log.1'), 'utf8')).toContain(' ready.');
  });

  test('keeps a pid file, and another with the same one ends with 73', async () => {
    const worker = await place.worker('-c', '1', '--pidfile', 'run/%n.pid').ready();
    const file = join(place.folder, 'run/celery.pid');
    expect(readFileSync(file, 'utf8')).toBe(`${worker.pid}\n`);
    const { code, stderr } = await tq([...APP, 'worker', '--pidfile', 'run/%n.pid']);
    expect([code, stderr]).toEqual([
      73,
      expect.stringMatching(`^tq: The pid file run/celery.pid is in use: process ${worker.pid} runs\\.`),
    ]);
    worker.child.kill('SIGTERM');
    expect(await worker.exited).toBe(0);
    expect(readdirSync(join(place.folder, 'run'))).toEqual([]);
  });

  test('goes to the background, and says when it can not', async () => {
    const started = await tq([
      ...APP,
      'worker',
      '-D',
      '-c',
      '1',
      '-l',
      'info',
      '-n',
      'w1',
      '--pidfile',
      '%n.pid',
    ]);
    expect(started).toEqual({
      code: 0,
      stdout: '',
      stderr: expect.stringMatching(/^Started in the background: process \d+, log w1\.log\n$/),
    });
    const pid = Number(readFileSync(join(place.folder, 'w1.pid'), 'utf8'));
    try {
      await until('it is ready', () =>
        readFileSync(join(place.folder, 'w1.log'), 'utf8').includes(' ready.'),
      );
      const second = await tq([...APP, 'worker', '-D', '-n', 'w1', '--pidfile', '%n.pid']);
      expect([second.code, second.stderr]).toEqual([73, expect.stringContaining(`process ${pid} runs`)]);
    } finally {
      process.kill(pid, 'SIGTERM');
    }
    await until('its pid file is gone', () => !existsSync(join(place.folder, 'w1.pid')));
  });

  test('in the background sees its working folder from where it was started', async () => {
    mkdirSync(join(place.folder, 'deep'));
    writeFileSync(
      join(place.folder, 'deep/lone.mjs'),
      'import { createApp } from "@tq/core";\nexport const app = createApp("lone");',
    );
    const started = await tq([
      '--workdir',
      'deep',
      '-A',
      'lone',
      'worker',
      '-D',
      '-P',
      'solo',
      '--pidfile',
      'w.pid',
    ]);
    expect(started).toMatchObject({ code: 0, stderr: expect.stringMatching(/log celery\.log\n$/) });
    process.kill(Number(readFileSync(join(place.folder, 'deep/w.pid'), 'utf8')), 'SIGTERM');
    await until('its pid file is gone', () => !existsSync(join(place.folder, 'deep/w.pid')));
    expect(existsSync(join(place.folder, 'deep/celery.log'))).toBe(true);
  });

  test('takes settings after its options, and its children have them too', async () => {
    await using app = clientOf(place);
    await place.worker('-c', '1', '--', 'task.track_started=true', 'taskSoftTimeLimit=100ms').ready();
    await expect(app.sendTask('proj.tasks.obedient', [20_000, 'x']).get({ timeout: 20 })).rejects.toThrow(
      /time limit|aborted/i,
    );
  });

  test('can not begin before -A names an app', async () => {
    expect(await tq(['worker'])).toEqual({
      code: 64,
      stdout: '',
      stderr: 'tq: Which app? None is named.\nName its module: tq -A proj …, or set the variable TQ_APP.\n',
    });
  });
});

describe('purge', () => {
  const fill = async (): Promise<void> => {
    await using app = clientOf(place);
    for (const queue of ['celery', 'celery', 'night'])
      await app.sendTask('proj.tasks.add', [1, 1], { queue });
  };

  test('asks first, and takes no for an answer', async () => {
    await fill();
    const refused = await tq([...APP, 'purge'], { input: 'n\n' });
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(
      /removes all waiting tasks from 1 queue: celery\.\nThere is no undo\..*Remove them\? \[y\/N\] \nNothing was removed\./s,
    );
    expect((await tq([...APP, 'purge'])).code).toBe(1);
    expect(await tq([...APP, 'purge'], { input: 'y\n' })).toMatchObject({
      code: 0,
      stdout: 'celery: 2 messages removed\n',
    });
  });

  test('does it at once with -f, in the queues that are named and not excluded', async () => {
    await fill();
    expect(await tq([...APP, 'purge', '-f', '-Q', 'celery,night', '-X', 'celery'])).toEqual({
      code: 0,
      stdout: 'night: 1 message removed\n',
      stderr: '',
    });
    expect(JSON.parse((await tq([...APP, 'purge', '-f', '--json'])).stdout)).toEqual({
      purged: 2,
      queues: { celery: 2 },
    });
  });
});

test('the shell has the app, its tasks by their short names, and await', async () => {
  const { code, stdout, stderr } = await tq([...APP, 'shell'], {
    input:
      "await add(2, 2)\napp.name\nObject.keys(tasks).includes('proj.tasks.add')\nsignature('x', [1]).data.args\n",
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.trim().split('\n')).toEqual(['4', "'proj'", 'true', '[ 1 ]']);
  const failed = await tq([...APP, 'shell'], {
    input: "if (true) {\n  await fail('no luck')\n}\napp.name\n",
  });
  expect(failed).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('RangeError: no luck'),
  });
});

test('an error of the shell itself is named as what it is', async () => {
  expect(await tq([...APP, 'shell'], { input: 'nowhere\n' })).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^ReferenceError: nowhere is not defined/),
  });
});

test('a report has versions and settings, and no password', async () => {
  const { code, stdout } = await tq([
    ...APP,
    '-b',
    'amqp://guest:hunter2@localhost//',
    '--result-backend',
    'redis://:hunter2@h/0',
    'report',
  ]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^software -> tq:\d.* node:\d+\./);
  expect(stdout).toContain('transport:amqp://guest:**@localhost// results:redis://:**@h/0');
  expect(stdout).toContain('taskDefaultQueue: "celery"');
  expect(stdout).not.toContain('hunter2');
});

test('bindings are a table, or JSON', async () => {
  mkdirSync(join(place.folder, 'proj'));
  writeFileSync(
    join(place.folder, 'proj/tq.ts'),
    `import { createApp } from '@tq/core';
     export const app = createApp('proj', { conf: { taskQueues: [{ name: 'images', exchange: 'media', exchangeType: 'topic', routingKey: 'image.#' }] } });`,
  );
  expect((await tq(['-A', 'proj', 'list', 'bindings'])).stdout).toBe(
    'Queue   Exchange  Type   Routing key\nimages  media     topic  image.#\n',
  );
  expect(JSON.parse((await tq(['-A', 'proj', 'list', 'bindings', '-j'])).stdout)).toEqual([
    { queue: 'images', exchange: 'media', type: 'topic', routingKey: 'image.#' },
  ]);
});

test('bash completes what the program knows', async () => {
  const script = `
    tq() { "${process.execPath}" "${bin}" "$@"; }
    source <(tq completion bash)
    try() { COMP_WORDS=(tq "$@"); COMP_CWORD=$#; _tq_complete; echo "\${COMPREPLY[*]}"; }
    try wor; try -A proj worker --log; try worker -l D`;
  expect((await run('bash', ['-c', script])).stdout.split('\n').slice(0, 3)).toEqual([
    'worker',
    '--loglevel --logfile --log-format',
    'DEBUG',
  ]);
});
