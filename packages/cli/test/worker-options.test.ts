import { worker } from '../src/commands/worker.ts';
import { parse } from '../src/parse.ts';
import { levelOf } from '../src/worker-log.ts';
import { settingsOf } from '../src/worker-settings.ts';

async function optionsOf(line: string) {
  return (await parse(worker, line.split(' '))).options;
}

test('options stand for settings; those not given leave the settings alone', async () => {
  const line =
    '-E --prefetch-multiplier 8 --disable-prefetch --time-limit 60 --soft-time-limit 50s --max-tasks-per-child 100 --max-memory-per-child 200000';
  expect(settingsOf(await optionsOf(line))).toEqual({
    workerSendTaskEvents: true,
    workerPrefetchMultiplier: 8,
    workerDisablePrefetch: true,
    taskTimeLimit: 60,
    taskSoftTimeLimit: '50s',
    workerMaxTasksPerChild: 100,
    workerMaxMemoryPerChild: 200_000,
  });
  expect(settingsOf(await optionsOf('-c 2'))).toEqual({});
});

test.each([
  ['-c 1', 'warn'],
  ['-l debug', 'debug'],
  ['-l INFO', 'info'],
  ['-l Error', 'error'],
  ['-l critical', 'none'],
  ['-l FATAL', 'none'],
])('with %s the least level is %s', async (line, level) => {
  expect(levelOf(await optionsOf(line))).toBe(level);
});
