// The near side of keeper.mjs.
import { fork } from 'node:child_process';
import { join } from 'node:path';

const KEEPER = join(import.meta.dirname, 'keeper.mjs');

/** Starts a server that ends with this process at the latest. */
export async function keep(service, options = {}) {
  const child = fork(KEEPER, [service, JSON.stringify(options)], {
    detached: true,
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const waiting = new Map();
  let serial = 0;
  child.on('message', ({ id, value, error }) => {
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) resolve(value);
    else reject(new Error(error));
  });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  void exited.then(() => {
    for (const { reject } of waiting.values()) reject(new Error(`The keeper of ${service} has ended.`));
  });
  const ask = (verb, ...args) =>
    new Promise((resolve, reject) => {
      waiting.set((serial += 1), { resolve, reject });
      child.send({ id: serial, verb, args }, (error) => error && reject(error));
    });
  const end = async () => {
    child.ref(); // whoever waits for the end may have nothing else to do
    if (child.connected) child.disconnect();
    await exited;
  };
  try {
    const { url, port } = await ask('open');
    child.unref();
    child.channel?.unref();
    return { url, port, ask, end };
  } catch (error) {
    await end();
    throw error;
  }
}
