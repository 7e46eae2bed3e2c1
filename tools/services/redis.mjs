// A private Redis.
import { programOf } from './binaries.mjs';
import { answers, freePort } from './ports.mjs';
import { Program } from './program.mjs';

/** `config` has more arguments of redis-server; `persistent` keeps the data over a kill. */
export async function redis({ folder, port, persistent = false, config = [] }) {
  const file = programOf('redis');
  port ??= await freePort();
  const program = new Program();
  const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--save', ''];
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    start: () =>
      program.start({
        file,
        args: [...args, '--appendonly', persistent ? 'yes' : 'no', ...config],
        env: process.env,
        cwd: folder,
        // While it loads its data it answers -LOADING.
        isReady: () => answers(port, 'PING\r\n', (data) => data.toString().startsWith('+PONG')),
        limitMs: 20_000,
      }),
    kill: (signal) => program.kill(signal),
    pause: (isPaused) => program.pause(isPaused),
    end: () => program.kill(),
  };
}
