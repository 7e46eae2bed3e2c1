// Generated work-flows in Python: built with its own chain, group and chord, run by its own worker, they give what was
// foretold for them; test/e2e/workflows.test.ts shows the same of tq. TQ_TEST_CANVASES and TQ_TEST_SEED as there.
import { join } from 'node:path';
import { serviceUrl } from '@tq/testkit';
import { foretell } from '../flows/foretell.ts';
import { generate } from '../flows/generate.ts';
import { pythonCannot } from '../flows/python-cannot.ts';
import { Side } from './support/peer.ts';
import { python } from './support/place.ts';

const COUNT = Number(process.env['TQ_TEST_CANVASES'] ?? 100);
const SEED = Number(process.env['TQ_TEST_SEED'] ?? 1);
/** Of one client, which sends them all before it waits. */
const SLICE = 100;

const suite = python ? test : test.skip;

suite(
  `${COUNT} generated work-flows give in Python what was foretold`,
  async () => {
    const url = new URL('/6', serviceUrl('redis')).href;
    const options = {
      cwd: join(import.meta.dirname, 'fixtures/python'),
      env: { PEER_BROKER: url, PEER_BACKEND: url, PYTHONUNBUFFERED: '1', PYTHONDONTWRITEBYTECODE: '1' },
    };
    await using worker = new Side(
      python,
      [
        '-m',
        'celery',
        '-A',
        'flows',
        'worker',
        '-c',
        '2',
        '-l',
        'warning',
        '--without-gossip',
        '--without-mingle',
      ],
      options,
    );
    const canvases = Array.from({ length: COUNT }, (_, index) => generate(SEED + index, { hazards: false }));
    const fit = canvases.filter((canvas) => pythonCannot(canvas) === undefined);
    const wrong: string[] = [];
    for (let start = 0; start < fit.length; start += SLICE) {
      const slice = fit.slice(start, start + SLICE);
      const answers = await answersOf(new Side(python, ['flows.py'], options), slice);
      for (const canvas of slice) {
        const foretold = JSON.stringify({ seed: canvas.seed, value: foretell(canvas).expected.result });
        const answer = answers.get(canvas.seed) ?? 'nothing';
        if (answer !== foretold) wrong.push(`${answer} instead of ${foretold}`);
      }
    }
    // Most of them can be compared.
    expect(fit.length).toBeGreaterThan(COUNT / 2);
    expect(`${wrong.join('\n')}${wrong.length > 0 ? worker.output.slice(-2000) : ''}`).toBe('');
  },
  60_000 + COUNT * 500,
);

/** What Python says to each, by seed. */
async function answersOf(client: Side, canvases: readonly object[]): Promise<Map<number, string>> {
  await using side = client;
  side.child.stdin!.end(canvases.map((canvas) => `${JSON.stringify(canvas)}\n`).join(''));
  await new Promise((resolve) => side.child.once('close', resolve));
  const lines = side.output.split('\n').filter((line) => line.startsWith('{"seed"'));
  return new Map(
    lines.map((line) => {
      const answer = JSON.parse(line) as { readonly seed: number };
      return [answer.seed, JSON.stringify(answer)];
    }),
  );
}
