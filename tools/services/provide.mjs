// One set of servers for a run of the tests. Who finds a URL in the environment starts nothing.
import { keep } from './kept.mjs';

export const VARIABLES = { redis: 'TQ_TEST_REDIS_URL', rabbitmq: 'TQ_TEST_AMQP_URL' };

const kept = new Map();

/** Sees to it that the variables of these services hold URLs of running servers. */
export async function provide(...services) {
  const missing = services.filter((service) => !process.env[VARIABLES[service]]);
  const starts = await Promise.allSettled(
    missing.map(async (service) => {
      const server = await keep(service);
      kept.set(service, server);
      process.env[VARIABLES[service]] = server.url;
    }),
  );
  const failed = starts.find(({ status }) => status === 'rejected');
  if (!failed) return;
  await release();
  throw failed.reason;
}

/** Ends what `provide` started. */
export async function release() {
  const servers = [...kept];
  kept.clear();
  for (const [service] of servers) delete process.env[VARIABLES[service]];
  await Promise.all(servers.map(([, server]) => server.end()));
}
