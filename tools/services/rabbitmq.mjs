// A private RabbitMQ beside whatever else runs: own ports, own cookie, own epmd.
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beside, onPath, programOf } from './binaries.mjs';
import { answers, freePort } from './ports.mjs';
import { Program } from './program.mjs';

const PROTOCOL = Buffer.from([...Buffer.from('AMQP'), 0, 0, 9, 1]);

/** Where Erlang's own programs lie when they are not on the PATH. */
const ERLANG = ['/usr/lib/erlang/bin', '/usr/local/lib/erlang/bin', '/opt/homebrew/bin'];

let serial = 0;

/** `config` has more lines of rabbitmq.conf; `plugins` names those to enable; `tls` names files. */
export async function rabbitmq({ folder, port, plugins = [], tls, config = [] }) {
  const file = programOf('rabbitmq');
  port ??= await freePort();
  const [epmdPort, distPort] = [await freePort(), await freePort()];
  const env = environment({ folder, port, epmdPort, distPort });
  const name = env.RABBITMQ_NODENAME.replace(/@.*/, '@');
  const tlsPort = tls && (await freePort());
  write(folder, { port, plugins, config: [...(tls ? tlsLines(tlsPort, tls) : []), ...config] });
  const program = new Program();
  const epmd = new Program();
  let isEpmdUp = false;
  return {
    url: `amqp://guest:guest@127.0.0.1:${port}`,
    port,
    tlsPort,
    async start() {
      if (!isEpmdUp) await startEpmd(epmd, env, folder);
      isEpmdUp = true;
      await program.start({
        file,
        args: [],
        env,
        cwd: folder,
        // Its first frame names the node, with another host.
        isReady: () => answers(port, PROTOCOL, (data) => data.includes(name)),
        limitMs: 60_000,
      });
    },
    kill: (signal) => program.kill(signal),
    pause: (isPaused) => program.pause(isPaused),
    /** Runs `rabbitmqctl` and resolves with what it prints. */
    async control(args) {
      const ctl = beside(file, 'rabbitmqctl');
      if (ctl === undefined) throw new Error(`There is no rabbitmqctl beside ${file}.`);
      const options = { env, cwd: folder, timeout: 30_000 };
      const { stdout } = await promisify(execFile)(
        ctl,
        ['-q', '-n', env.RABBITMQ_NODENAME, ...args],
        options,
      );
      return stdout;
    },
    async end() {
      await program.kill();
      await epmd.kill();
    },
  };
}

/** A plain child: the node would start a daemon, which nobody could end while a node is registered. */
async function startEpmd(epmd, env, cwd) {
  const file = onPath('epmd', ERLANG);
  if (file === undefined)
    throw new Error('RabbitMQ needs epmd, which comes with Erlang; it is not on the PATH.');
  const port = Number(env.ERL_EPMD_PORT);
  // NAMES_REQ; the answer begins with the port of epmd itself.
  const isReady = () => answers(port, Buffer.from([0, 1, 110]), (data) => data.readUInt32BE(0) === port);
  await epmd.start({ file, args: [], env, cwd, isReady, limitMs: 10_000 });
}

function environment({ folder, port, epmdPort, distPort }) {
  serial += 1;
  return {
    ...process.env,
    HOME: join(folder, 'home'),
    ERL_EPMD_PORT: `${epmdPort}`,
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_NODENAME: `tqtest${process.pid}x${serial}@localhost`,
    RABBITMQ_NODE_PORT: `${port}`,
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_DIST_PORT: `${distPort}`,
    RABBITMQ_MNESIA_BASE: join(folder, 'mnesia'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_LOGS: '-',
    RABBITMQ_GENERATED_CONFIG_DIR: join(folder, 'generated'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
    RABBITMQ_CONF_ENV_FILE: join(folder, 'rabbitmq-env.conf'),
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
    RABBITMQ_PID_FILE: join(folder, 'pid'),
    RABBITMQ_FEATURE_FLAGS_FILE: join(folder, 'feature_flags'),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none',
  };
}

/** A certificate of the client's own is looked at, not demanded. */
function tlsLines(port, { ca, cert, key }) {
  return [
    `listeners.ssl.1 = 127.0.0.1:${port}`,
    `ssl_options.cacertfile = ${ca}`,
    `ssl_options.certfile = ${cert}`,
    `ssl_options.keyfile = ${key}`,
    'ssl_options.verify = verify_peer',
    'ssl_options.fail_if_no_peer_cert = false',
  ];
}

function write(folder, { port, plugins, config }) {
  for (const name of ['home', 'mnesia', 'log', 'generated']) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'enabled_plugins'), `[${plugins.join(',')}].`);
  writeFileSync(join(folder, 'rabbitmq-env.conf'), '');
  const lines = [
    `listeners.tcp.1 = 127.0.0.1:${port}`,
    'loopback_users = none',
    'disk_free_limit.absolute = 50MB',
    'log.console = true',
    'log.console.level = warning',
    'log.file = false',
    ...config,
  ];
  writeFileSync(join(folder, 'rabbitmq.conf'), `${lines.join('\n')}\n`);
}
