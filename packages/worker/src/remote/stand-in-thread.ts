/** The thread of a stand-in: see stand-in.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { ControlNode, NO_ANSWER } from '@tq/control';
import { createApp, silentLogger } from '@tq/core';
import type { Component, Connection } from '@tq/core';
import { ConnectionLoop } from '../connection-loop.ts';
import { ping } from './report.ts';
import type { RemoteParts } from './parts.ts';

/** What the thread is told. */
export interface StandInData {
  readonly name: string;
  readonly hostname: string;
  /** Beside which drivers are looked for. */
  readonly module: string;
  readonly conf: Readonly<Record<string, unknown>>;
}

const port = parentPort as MessagePort;
const { name, hostname, module, conf } = workerData as StandInData;
// The worker itself tells of a broker that can't be reached.
const app = createApp(name, { module, conf, logger: silentLogger });

const tell: Component = {
  name: 'tell',
  start: () => Promise.resolve(port.postMessage(true)),
  stop: () => Promise.resolve(port.postMessage(false)),
};

function ring(connection: Connection): readonly Component[] {
  const node = new ControlNode({
    app,
    connection,
    hostname,
    logger: silentLogger,
    handle: (method, args, ticket) => {
      if (method !== 'ping' || ticket === undefined) return NO_ANSWER;
      port.postMessage(ticket);
      return ping({} as RemoteParts, args);
    },
  });
  return [node, tell];
}

const loop = new ConnectionLoop({
  app,
  logger: silentLogger,
  innerRing: ring,
  onConnected: () => undefined,
  onGivenUp: () => port.close(),
});
loop.start().catch(() => undefined); // given up: said above

port.once('message', () => {
  void loop
    .stop()
    .then(() => app.close())
    .finally(() => port.close());
});
