// Ports of this machine, as the system gives them out.
import { connect, createServer } from 'node:net';

/** A port nobody listens on now. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Whether whoever listens there answers `greeting` with something that begins with `answer`. */
export function answers(port, greeting, answer) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(greeting));
    const end = (result) => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(1000, () => end(false));
    socket.once('data', (data) => end(data.subarray(0, answer.length).equals(Buffer.from(answer))));
    socket.once('error', () => end(false));
    socket.once('close', () => end(false));
  });
}
