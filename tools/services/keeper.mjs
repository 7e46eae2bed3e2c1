// Holds one server for whoever started this process, and ends it when they end, in whatever way: the channel between
// the two closes even with a SIGKILL. Started as `keeper.mjs <service> <options as JSON>`; asked by messages
// `{ id, verb, args }`, answers `{ id, value }` or `{ id, error }`.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { qpid } from './qpid.mjs';
import { rabbitmq } from './rabbitmq.mjs';
import { redis } from './redis.mjs';
import { sentinel } from './sentinel.mjs';

const SERVICES = { redis, rabbitmq, qpid, sentinel };

const [service, options = '{}'] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), `tq-${service}-`));
let server;

const VERBS = {
  async open() {
    server = await SERVICES[service]({ folder, ...JSON.parse(options) });
    await server.start();
    return { url: server.url, port: server.port, tlsPort: server.tlsPort };
  },
  start: () => server.start(),
  kill: (signal) => server.kill(signal),
  pause: (isPaused) => server.pause(isPaused),
  control: (args) => server.control(args),
  end,
};

// Ctrl-C reaches the whole terminal: the test run decides, and closes the channel.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});

const reply = async ({ id, verb, args }) => {
  const answer = await Promise.resolve()
    .then(() => VERBS[verb](...args))
    .then(
      (value) => ({ id, value }),
      (error) => ({ id, error: error.message }),
    );
  if (process.connected) process.send(answer);
};

process.on('message', (question) => void reply(question));

process.on('disconnect', () => void end().finally(() => process.exit()));

let ending;

function end() {
  ending ??= Promise.resolve(server?.end()).finally(() =>
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 }),
  );
  return ending;
}
