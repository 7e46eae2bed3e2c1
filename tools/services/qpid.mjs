// Apache Qpid Broker-J, an AMQP broker that isn't RabbitMQ. It comes from Maven Central, once a machine.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { onPath } from './binaries.mjs';
import { freePort } from './ports.mjs';
import { Program } from './program.mjs';

const VERSION = '9.2.0';
const ARTIFACT = 'apache-qpid-broker-j';

export async function qpid({ folder, port }) {
  const java = onPath('java', []);
  if (java === undefined) throw new Error('Qpid Broker-J needs Java, which is not on the PATH.');
  const home = await distribution();
  port ??= await freePort();
  const config = join(folder, 'config.json');
  writeFileSync(config, JSON.stringify(configuration(port)));
  const program = new Program();
  const classes = ['-Xmx256m', '-cp', join(home, 'lib/*'), 'org.apache.qpid.server.Main'];
  const options = ['--initial-config-path', config, '-prop', `qpid.work_dir=${folder}`];
  return {
    url: `amqp://guest:guest@127.0.0.1:${port}`,
    port,
    start: () =>
      program.start({
        file: java,
        args: [...classes, ...options],
        env: process.env,
        cwd: folder,
        // Its port answers before its virtual host does.
        isReady: (said) => said.includes('BRK-1004'),
        limitMs: 60_000,
      }),
    kill: (signal) => program.kill(signal),
    pause: (isPaused) => program.pause(isPaused),
    end: () => program.kill(),
  };
}

/** The unpacked distribution: named in TQ_TEST_QPID_HOME, in the user's cache, or fetched into it. */
async function distribution() {
  if (process.env.TQ_TEST_QPID_HOME) return process.env.TQ_TEST_QPID_HOME;
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'tq-tests');
  const home = join(cache, `${ARTIFACT}-${VERSION}`);
  if (!existsSync(home)) await fetchInto(cache, home);
  return home;
}

async function fetchInto(cache, home) {
  const maven = onPath('mvn', []);
  const hint = `or unpack ${ARTIFACT} ${VERSION} and name its folder in TQ_TEST_QPID_HOME`;
  if (maven === undefined)
    throw new Error(`Qpid Broker-J is fetched with Maven, which is not on the PATH: install it, ${hint}.`);
  const draft = `${home}.${process.pid}`;
  mkdirSync(draft, { recursive: true });
  try {
    const artifact = `-Dartifact=org.apache.qpid:${ARTIFACT}:${VERSION}:tar.gz:bin`;
    const run = promisify(execFile);
    await run(maven, ['-q', '-B', 'dependency:copy', artifact, `-DoutputDirectory=${draft}`], {
      timeout: 180_000,
    });
    await run('tar', ['xzf', join(draft, `${ARTIFACT}-${VERSION}-bin.tar.gz`), '-C', draft]);
    if (!existsSync(home)) renameSync(join(draft, 'qpid-broker', VERSION), home);
  } catch (error) {
    throw new Error(
      `Qpid Broker-J could not be fetched from Maven Central (${error.message.split('\n')[0]}): try again, ${hint}.`,
    );
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

function configuration(port) {
  const guest = { name: 'guest', type: 'managed', password: 'guest' };
  return {
    name: 'tq-tests',
    modelVersion: '8.0',
    // Without TLS it would offer no plain log-in.
    authenticationproviders: [{ name: 'plain', type: 'Plain', secureOnlyMechanisms: [], users: [guest] }],
    ports: [
      {
        name: 'AMQP',
        port: `${port}`,
        bindingAddress: '127.0.0.1',
        authenticationProvider: 'plain',
        protocols: ['AMQP_0_9_1'],
        virtualhostaliases: [{ name: 'defaultAlias', type: 'defaultAlias' }],
      },
    ],
    virtualhostnodes: [
      {
        name: 'default',
        type: 'Memory',
        defaultVirtualHostNode: 'true',
        virtualHostInitialConfiguration: '{"type": "Memory"}',
      },
    ],
  };
}
