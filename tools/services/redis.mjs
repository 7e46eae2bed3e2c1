// A private Redis.
import { programOf } from './binaries.mjs';
import { answers, freePort } from './ports.mjs';
import { Program } from './program.mjs';

/** `config` has more arguments of redis-server; `persistent` keeps the data over a kill; `tls` names files. */
export async function redis({ folder, port, persistent = false, tls, config = [] }) {
  const file = programOf('redis');
  port ??= await freePort();
  const program = new Program();
  const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--save', ''];
  const tlsPort = tls && (await freePort());
  if (tls) {
    args.push('--tls-port', `${tlsPort}`, '--tls-auth-clients', 'optional', '--tls-ca-cert-file', tls.ca);
    args.push('--tls-cert-file', tls.cert, '--tls-key-file', tls.key);
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    tlsPort,
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
