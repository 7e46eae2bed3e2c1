// Ports of this machine, as the system gives them out.
import { connect, createServer } from 'node:net';

/** Below those that the system gives out: a port that is free now stays so until its server has started. */
const [FIRST, COUNT] = [20_000, 12_000];

/** A port nobody listens on now. */
export async function freePort() {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    if (await isFree(port)) return port;
  }
}

function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** Whether whoever listens there answers `greeting` with what is expected. */
export function answers(port, greeting, isExpected) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(greeting));
    const end = (result) => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(1000, () => end(false));
    socket.once('data', (data) => end(isExpected(data)));
    socket.once('error', () => end(false));
    socket.once('close', () => end(false));
  });
}
