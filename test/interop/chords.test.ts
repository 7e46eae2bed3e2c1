// The count of one chord in Redis, by Celery's own functions and by tq's, in turns.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { silentLogger, systemClock } from '@tq/core';
import type { ChordPart, ChordProgress, GroupStore, ResultBackend } from '@tq/core';
import { encodeJson } from '@tq/core/internal';
import { redisBackend } from '@tq/backend-redis';
import { serviceUrl } from '@tq/testkit';
import { python } from './support/place.ts';

const suite = python ? describe : describe.skip;

/** Counts a line of JSON at a time: group, task, position, result. Tells what body it sent, if any. */
const COUNTER = `
import json, sys, celery
url, ordered = sys.argv[1], sys.argv[2] == '1'
app = celery.Celery('t', broker='memory://', backend=url)
app.conf.result_backend_transport_options = {'result_chord_ordered': ordered}
backend = app.backend
sent = []
class Body(celery.canvas.Signature):
    def delay(self, results):
        sent.append(results)
class Request:
    pass
print(json.dumps(celery.__version__), flush=True)
for line in sys.stdin:
    verb, group, task, position, result = json.loads(line)
    if verb == 'size':
        backend.set_chord_size(group, result)
    elif verb == 'grow':
        backend.add_to_chord(group, None)
    else:
        request = Request()
        request.id, request.group, request.group_index = task, group, position
        request.chord = Body('t.body', app=app, task_id='b')
        backend.on_chord_part_return(request, 'SUCCESS', result)
    print(json.dumps(sent.pop() if sent else None), flush=True)
`;

/** A Python that counts. */
class Counter implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(url: URL, ordered: boolean) {
    this.#child = spawn(python, ['-c', COUNTER, url.href, ordered ? '1' : ''], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  /** The next line it prints. */
  async told(): Promise<unknown> {
    const { done, value } = await this.#lines.next();
    if (done) throw new Error('Python has ended');
    return JSON.parse(value as string) as unknown;
  }

  /** What the body was sent with; null if it wasn't. */
  add(group: string, task: string, position: number | null, result: unknown): Promise<unknown> {
    return this.#ask('add', group, task, position, result);
  }

  size(group: string, size: number): Promise<unknown> {
    return this.#ask('size', group, null, null, size);
  }

  grow(group: string): Promise<unknown> {
    return this.#ask('grow', group, null, null, null);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin!.end();
    if (this.#child.exitCode !== null) return;
    await new Promise((resolve) => {
      this.#child.once('exit', resolve);
    });
  }

  #ask(...line: readonly unknown[]): Promise<unknown> {
    this.#child.stdin!.write(`${JSON.stringify(line)}\n`);
    return this.told();
  }
}

function part(taskId: string, index: number | undefined, result: unknown): ChordPart {
  return { taskId, state: 'SUCCESS', result: encodeJson(result), index };
}

function resultsOf(progress: ChordProgress): unknown {
  return progress.kind === 'complete'
    ? progress.parts.map(({ result }) => JSON.parse(result) as unknown)
    : progress.kind;
}

suite.each([
  ['ordered', true],
  ['unordered', false],
] as const)('a chord counted by Python and by tq, %s', (_, ordered) => {
  const url = (): URL => new URL('/5', serviceUrl('redis'));
  let backend: ResultBackend;
  let groups: GroupStore;
  let py: Counter;
  let knowsClaims: boolean;
  let id: string;
  /** Celery before 5.7 knows a part that was counted by its text, and in a list not at all. */
  const knowsTwins = (): boolean => knowsClaims || ordered;

  beforeAll(async () => {
    py = new Counter(url(), ordered);
    knowsClaims = Number(/^5\.(\d+)/.exec((await py.told()) as string)![1]) >= 7;
    backend = await redisBackend.connect(url(), {
      logger: silentLogger,
      clock: systemClock,
      options: { result_chord_ordered: ordered, chord_lease: 1 },
      expiresMs: 60_000,
      timeoutMs: 5000,
    });
    groups = backend.groups!;
  }, 30_000);
  afterAll(async () => {
    await py[Symbol.asyncDispose]();
    await backend[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    id = randomUUID();
  });

  test('tq completes what Python began', async () => {
    await py.size(id, 3);
    expect(await py.add(id, 'a', 0, { from: 'py' })).toBeNull();
    expect(resultsOf(await groups.addChordPart(id, part('b', 1, 'é')))).toBe('waiting');
    if (knowsTwins()) expect(await py.add(id, 'a', 0, { from: 'py' })).toBeNull(); // again
    expect(resultsOf(await groups.addChordPart(id, part('a', 0, 'again, and otherwise')))).toBe('waiting');
    expect(resultsOf(await groups.addChordPart(id, part('c', 2, 3)))).toEqual([{ from: 'py' }, 'é', 3]);
    await groups.endChord(id);
    for (const [task, position] of [
      ['a', 0],
      ['c', 2],
    ] as const) {
      expect(await py.add(id, task, position, 'late')).toBeNull();
      expect(resultsOf(await groups.addChordPart(id, part(task, position, 'late')))).toBe('waiting');
    }
  });

  test('Python completes what tq began', async () => {
    await groups.setChordSize(id, 3);
    expect(resultsOf(await groups.addChordPart(id, part('a', 0, 'of tq')))).toBe('waiting');
    expect(await py.add(id, 'b', 1, 'é')).toBeNull();
    expect(resultsOf(await groups.addChordPart(id, part('a', 0, 'of tq')))).toBe('waiting');
    expect(resultsOf(await groups.addChordPart(id, part('b', 1, 'again')))).toBe('waiting');
    if (knowsTwins()) expect(await py.add(id, 'a', 0, 'of tq')).toBeNull();
    expect(await py.add(id, 'c', 2, 3)).toEqual(['of tq', 'é', 3]);
    for (const late of ['a', 'b', 'c'])
      expect(resultsOf(await groups.addChordPart(id, part(late, 'abc'.indexOf(late), 'late')))).toBe(
        'waiting',
      );
  });

  test('members without a position, and members that were added later', async () => {
    await py.size(id, 2);
    expect(await py.add(id, 'a', null, 1)).toBeNull();
    expect(resultsOf(await groups.addChordPart(id, part('a', undefined, 'again')))).toBe('waiting');
    await groups.growChord(id, 1);
    await py.grow(id);
    expect(resultsOf(await groups.addChordPart(id, part('b', undefined, 2)))).toBe('waiting');
    expect(await py.add(id, 'c', null, 3)).toBeNull();
    const results = resultsOf(await groups.addChordPart(id, part('d', undefined, 4))) as number[];
    expect(results.toSorted((one, other) => one - other)).toEqual([1, 2, 3, 4]);
    await groups.endChord(id);
  });

  test('what Python has counted twice tq counts once', async () => {
    await groups.setChordSize(id, 3);
    await py.add(id, 'a', 0, 'first');
    await py.add(id, 'a', 0, 'second'); // before 5.7 this counts
    expect(resultsOf(await groups.addChordPart(id, part('b', 1, 'b')))).toBe('waiting');
    const results = resultsOf(await groups.addChordPart(id, part('c', 2, 'c')));
    expect(results).toEqual(['first', 'b', 'c']);
    await groups.endChord(id);
  });

  test('Python leaves the body to tq, and takes over when tq’s claim has ended', async () => {
    if (!knowsClaims) return; // they can't know
    await groups.setChordSize(id, 1);
    expect(resultsOf(await groups.addChordPart(id, part('a', 0, 'a')))).toEqual(['a']);
    expect(await py.add(id, 'a', 0, 'again')).toBeNull();
    await systemClock.sleep(1100);
    expect(await py.add(id, 'a', 0, 'again')).toEqual(['a']);
    expect(resultsOf(await groups.addChordPart(id, part('a', 0, 'late')))).toBe('waiting');
  });

  test('both at one time: the body is sent once', async () => {
    if (!knowsClaims) return;
    const size = 200;
    await groups.setChordSize(id, size);
    const tasks = Array.from({ length: size }, (_value, index) => index);
    const byTq = Promise.all(tasks.map((index) => groups.addChordPart(id, part(`t${index}`, index, index))));
    let sent: unknown = null;
    for (const index of tasks) sent = (await py.add(id, `t${index}`, index, index)) ?? sent;
    const mine = (await byTq).flatMap((answer) => (answer.kind === 'complete' ? [resultsOf(answer)] : []));
    expect([...mine, ...(sent === null ? [] : [sent])]).toHaveLength(1);
    await groups.endChord(id);
  });
});
