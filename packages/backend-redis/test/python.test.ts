/** With a Celery for Python at the other end: TQ_TEST_PYTHON names its interpreter. */
import { execFileSync, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createApp } from '@tq/core';
import { resultCodec } from '@tq/core/internal';
import { serviceUrl } from '@tq/testkit';
import { encoded, NO_ROUTE, partsOf, rig, success } from './rig.ts';
import type { Rig } from './rig.ts';

const python = process.env['TQ_TEST_PYTHON'] ?? 'python3';
const found = spawnSync(python, ['-c', 'import celery, redis'], { stdio: 'ignore' }).status === 0;
const whenCelery = found ? describe : describe.skip;
if (!found)
  test.skip(`skipped: ${python} has no Celery with Redis; name one that has in TQ_TEST_PYTHON`, () =>
    undefined);

/** Runs lines with `app` and `backend` in scope and gives what they print, read as JSON. */
function inPython(...lines: readonly string[]): unknown {
  const head = [
    'import json, sys, celery',
    'from celery.result import AsyncResult, GroupResult',
    `app = celery.Celery('t', broker='memory://', backend=${JSON.stringify(serviceUrl('redis').href)})`,
    'backend = app.backend',
  ];
  const text = execFileSync(python, ['-c', [...head, ...lines].join('\n')], {
    encoding: 'utf8',
    stdio: 'pipe',
    timeout: 25_000,
  });
  return JSON.parse(text) as unknown;
}

whenCelery('Python', () => {
  let here: Rig;
  beforeEach(async () => {
    here = await rig();
  });
  afterEach(() => here[Symbol.asyncDispose]());

  test('reads what tq has stored: a value, an error, a state of the task’s own', async () => {
    const [done, failed, going] = [randomUUID(), randomUUID(), randomUUID()];
    const error = { exc_type: 'ValueError', exc_message: ['boom', 42], exc_module: 'builtins' };
    await here.backend.store(success(done, { sum: 4, text: 'ü' }), NO_ROUTE);
    await here.backend.store({ ...success(failed, error), status: 'FAILURE', traceback: 'tb' }, NO_ROUTE);
    await here.backend.store(
      { ...success(going, { current: 1 }), status: 'PROGRESS', dateDone: null },
      NO_ROUTE,
    );
    expect(
      inPython(
        `done, failed, going = [AsyncResult(id, app=app) for id in ${JSON.stringify([done, failed, going])}]`,
        'error = failed.get(propagate=False)',
        'print(json.dumps([done.get(timeout=5), done.date_done is not None, type(error).__name__, error.args, failed.traceback, going.state, going.info]))',
      ),
    ).toEqual([{ sum: 4, text: 'ü' }, true, 'ValueError', ['boom', 42], 'tb', 'PROGRESS', { current: 1 }]);
  });

  test('stores what tq reads, and does not overwrite a SUCCESS of tq’s', async () => {
    const [done, failed, kept] = [randomUUID(), randomUUID(), randomUUID()];
    await here.backend.store(success(kept, 'tq'), NO_ROUTE);
    inPython(
      `backend.store_result('${done}', {'a': [1, None]}, 'SUCCESS')`,
      `backend.store_result('${failed}', KeyError('no'), 'FAILURE', traceback='tb')`,
      `backend.store_result('${kept}', 'python', 'SUCCESS')`,
      'print(1)',
    );
    expect(await here.backend.load(done)).toMatchObject({ status: 'SUCCESS', result: { a: [1, null] } });
    expect(await here.backend.load(failed)).toMatchObject({
      status: 'FAILURE',
      result: { excType: 'KeyError', excMessage: ['no'] },
      traceback: 'tb',
    });
    expect(await here.backend.load(kept)).toMatchObject({ result: 'tq' });
  });

  test.each([
    ['msgpack', null],
    ['yaml', null],
    ['json', 'gzip'],
    ['msgpack', 'gzip'],
  ])('shares results and chords in %s, compressed with %s', async (resultSerializer, resultCompression) => {
    const { config, serializers } = createApp('t', { conf: { resultSerializer, resultCompression } });
    const backend = await here.open({ codec: resultCodec(config, serializers) });
    const [ours, theirs, group] = [randomUUID(), randomUUID(), randomUUID()];
    await backend.store(success(ours, { text: 'ü', all: [1, null, 2.5] }), NO_ROUTE);
    await backend.groups!.setChordSize(group, 2);
    const said = inPython(
      `app.conf.update(result_serializer='${resultSerializer}', accept_content=['json', 'msgpack', 'yaml'])`,
      ...(resultCompression === null ? [] : [`app.conf.result_compression = '${resultCompression}'`]),
      'backend = app._get_backend()',
      `packs = ${resultCompression === null ? 'True' : "hasattr(backend, 'supports_result_compression')"}`,
      `read = backend.get_task_meta('${ours}')['result'] if packs else None`,
      `backend.store_result('${theirs}', {'a': [1, None]}, 'SUCCESS')`,
      'from celery.app.task import Context',
      `request = Context(id='${theirs}', group='${group}', group_index=0, chord={'task': 'x'})`,
      "backend.on_chord_part_return(request, 'SUCCESS', [4])",
      'print(json.dumps([packs, read]))',
    ) as readonly [boolean, unknown];
    if (said[0]) expect(said[1]).toEqual({ text: 'ü', all: [1, null, 2.5] });
    expect(await backend.load(theirs)).toMatchObject({ status: 'SUCCESS', result: { a: [1, null] } });
    const part = { taskId: ours, state: 'SUCCESS', result: encoded('last'), index: 1 } as const;
    expect(await backend.groups!.addChordPart(group, part)).toMatchObject({
      kind: 'complete',
      parts: [{ result: '[4]' }, { result: '"last"' }],
    });
  });

  test('shares groups, and the count of a chord', async () => {
    const [group, first, second] = [randomUUID(), randomUUID(), randomUUID()];
    const members = [first, second].map((id) => [[id, null], null]);
    await here.backend.groups!.save(group, members);
    await here.backend.groups!.setChordSize(group, 2);
    const counted = inPython(
      `saved = GroupResult.restore('${group}', app=app)`,
      'class Request: pass',
      'request = Request()',
      `request.id, request.group, request.group_index, request.chord = '${second}', '${group}', 1, None`,
      `request.chord = app.signature('t.body').set(task_id='x')`,
      `backend.on_chord_part_return(request, 'SUCCESS', {'from': 'python'})`,
      'print(json.dumps([each.id for each in saved.results]))',
    );
    expect(counted).toEqual([first, second]);
    const all = await here.backend.groups!.addChordPart(group, {
      taskId: first,
      state: 'SUCCESS',
      result: encoded({ from: 'tq' }),
      index: 0,
    });
    expect(partsOf(all)?.map((part) => [part.taskId, JSON.parse(part.result)])).toEqual([
      [first, { from: 'tq' }],
      [second, { from: 'python' }],
    ]);
  });
});
