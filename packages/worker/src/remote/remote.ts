import { COMMANDS, NO_ANSWER, UnknownCommand } from '@tq/control';
import type { CommandName } from '@tq/control';
import * as events from './events.ts';
import { hello } from './hello.ts';
import type { Args, Handler, RemoteParts } from './parts.ts';
import * as pool from './pool.ts';
import * as queues from './queues.ts';
import * as report from './report.ts';
import { revoke, revokeByStampedHeaders, terminateTasks } from './revokes.ts';
import * as tasks from './tasks.ts';

const HANDLERS: { readonly [K in CommandName]: Handler } = {
  active: tasks.active,
  active_queues: queues.activeQueues,
  clock: report.clock,
  conf: report.conf,
  hello,
  memdump: report.memdump,
  memsample: report.memsample,
  objgraph: report.objgraph,
  ping: report.ping,
  query_task: tasks.queryTask,
  registered: tasks.registered,
  report: report.report,
  reserved: tasks.reserved,
  revoked: tasks.revokedIds,
  scheduled: tasks.scheduled,
  stats: report.stats,
  add_consumer: queues.addConsumer,
  autoscale: pool.autoscale,
  cancel_consumer: queues.cancelConsumer,
  disable_events: events.disableEvents,
  election: events.election,
  enable_events: events.enableEvents,
  heartbeat: events.heartbeat,
  pool_grow: pool.poolGrow,
  pool_restart: pool.poolRestart,
  pool_shrink: pool.poolShrink,
  rate_limit: tasks.rateLimit,
  revoke,
  revoke_by_stamped_headers: revokeByStampedHeaders,
  shutdown: ({ shutdown, logger }) => {
    logger.warn('Got shutdown from remote');
    shutdown();
    return NO_ANSWER;
  },
  terminate: terminateTasks,
  time_limit: tasks.timeLimit,
};

const BY_NAME = new Map<string, Handler>(Object.entries(HANDLERS));
for (const command of COMMANDS) if ('alias' in command) BY_NAME.set(command.alias, HANDLERS[command.name]);

/** What a worker does on remote commands: its own, and those that its app has added. */
export function remoteHandler(parts: RemoteParts): (method: string, args: Args) => unknown {
  const { app, hostname, logger, info } = parts;
  return (method, args) => {
    const own = app.commands.get(method) ?? [...app.commands.values()].find(({ alias }) => alias === method);
    if (own) return own.run({ app, hostname, logger, info }, args);
    const handler = BY_NAME.get(method);
    if (!handler) throw new UnknownCommand(method);
    return handler(parts, args);
  };
}
