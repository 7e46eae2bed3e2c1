// A Redis Sentinel that watches one server, whose master it calls "tq".
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { programOf } from './binaries.mjs';
import { answers, freePort } from './ports.mjs';
import { Program } from './program.mjs';

/** `watches` is the port of the master; `config` has more lines of sentinel.conf. */
export async function sentinel({ folder, port, watches, config = [] }) {
  const file = programOf('redis');
  port ??= await freePort();
  const conf = join(folder, 'sentinel.conf');
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${folder}`,
    `sentinel monitor tq 127.0.0.1 ${watches} 1`,
    'sentinel down-after-milliseconds tq 500',
    'sentinel failover-timeout tq 3000',
    ...config,
  ];
  writeFileSync(conf, `${lines.join('\n')}\n`);
  const program = new Program();
  return {
    url: `sentinel://127.0.0.1:${port}`,
    port,
    start: () =>
      program.start({
        file,
        args: [conf, '--sentinel'],
        env: process.env,
        cwd: folder,
        isReady: () => answers(port, 'PING\r\n', (data) => data.toString().startsWith('+PONG')),
        limitMs: 20_000,
      }),
    kill: (signal) => program.kill(signal),
    pause: (isPaused) => program.pause(isPaused),
    end: () => program.kill(),
  };
}
