import { renderBanner } from '../src/banner.ts';
import type { BannerFacts } from '../src/banner.ts';

const queue = (name: string) => ({
  name,
  exchange: name,
  exchangeType: 'direct' as const,
  routingKey: name,
  durable: true,
});

const facts: BannerFacts = {
  worker: {
    hostname: 'celery@ubuntu',
    app: 'proj',
    transport: 'amqp://guest:**@localhost:5672//',
    results: 'rpc://',
    concurrency: 4,
    pool: 'prefork',
    events: false,
    queues: [queue('celery')],
    tasks: ['celery.chord', 'proj.tasks.add', 'proj.tasks.mul', 'proj.tasks.xsum'],
  },
  place: 'proj/tq.ts:app',
  version: '0.1.0 (paper-boat)',
  platform: 'Linux-4.15.0-43-generic-x86_64-with-node-20.19.0',
  timeMs: new Date(2018, 11, 30, 2, 51, 4, 187).getTime(),
  tasks: 'own',
  colors: false,
};

test('the banner is laid out as in the guide', () => {
  expect(renderBanner(facts)).toBe(`
 .............. celery@ubuntu v0.1.0 (paper-boat)
 ...#..........
 ...#.......... Linux-4.15.0-43-generic-x86_64-with-node-20.19.0 2018-12-30 02:51:04
 .#####..####..
 ...#...#...#.. [config]
 ...#...#...#.. .> app:         proj (proj/tq.ts:app)
 ...#...#...#.. .> transport:   amqp://guest:**@localhost:5672//
 ...#...#...#.. .> results:     rpc://
 ...###..####.. .> concurrency: 4 (prefork)
 ...........#.. .> task events: OFF (enable -E to monitor tasks in this worker)
 ...........#..
 .............. [queues]
                .> celery           exchange=celery(direct) key=celery

[tasks]
  . proj.tasks.add
  . proj.tasks.mul
  . proj.tasks.xsum

`);
});

test('queues are aligned, however long their names', () => {
  const queues = [queue('celery'), queue('a-queue-with-a-long-name')];
  const lines = renderBanner({ ...facts, worker: { ...facts.worker, queues } }).split('\n');
  const [first = '', second = ''] = lines.filter((line) => line.includes('exchange='));
  expect(first.indexOf('exchange=')).toBe(second.indexOf('exchange='));
});

test('events that are on are said to be on', () => {
  expect(renderBanner({ ...facts, worker: { ...facts.worker, events: true } })).toContain(
    '.> task events: ON\n',
  );
});

test('tasks are listed at INFO, those of tq itself too at DEBUG, none above', () => {
  expect(renderBanner({ ...facts, tasks: 'all' })).toContain('  . celery.chord\n');
  expect(renderBanner({ ...facts, tasks: 'none' })).not.toContain('[tasks]');
});

test('only the sign is coloured, and only where colours are wanted', () => {
  const colored = renderBanner({ ...facts, colors: true });
  expect(colored).toContain('\u001B[36m');
  // oxlint-disable-next-line no-control-regex
  expect(colored.replace(/\u001B\[[\d;]*m/g, '')).toBe(renderBanner(facts));
  expect(renderBanner(facts)).not.toContain('\u001B');
});
