// `node tools/services/run.mjs -- <command> [arguments]` runs a command beside a private Redis and RabbitMQ, whose
// addresses it finds in TQ_TEST_REDIS_URL and TQ_TEST_AMQP_URL. Servers named there already are used as they are.
import { spawn } from 'node:child_process';
import { exitCodeOf } from '../child.mjs';
import { VARIABLES, provide, release } from './provide.mjs';

const [file, ...args] = process.argv.slice(process.argv[2] === '--' ? 3 : 2);

if (file === undefined) {
  console.error('Say what to run: node tools/services/run.mjs -- <command> [arguments]');
  process.exitCode = 1;
} else {
  try {
    await provide('redis', 'rabbitmq');
    for (const name of Object.values(VARIABLES)) console.error(`${name}=${process.env[name]}`);
    process.exitCode = await runBeside();
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  } finally {
    await release();
  }
}

function runBeside() {
  const child = spawn(file, args, { stdio: 'inherit' });
  // Ctrl-C reaches the whole terminal group by itself: the child decides, and we wait for it.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  return exitCodeOf(child);
}
