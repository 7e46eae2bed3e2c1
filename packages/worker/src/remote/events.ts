import { nok, ok } from './parts.ts';
import type { Handler } from './parts.ts';

const UNAVAILABLE = 'event dispatcher unavailable';

export const enableEvents: Handler = ({ events, logger }) => {
  if (!events) return nok(UNAVAILABLE);
  if (!events.enable()) return ok('task events already enabled');
  logger.info('Events of group {task} enabled by remote.');
  return ok('task events enabled');
};

export const disableEvents: Handler = ({ events, logger }) => {
  if (!events) return nok(UNAVAILABLE);
  if (!events.disable()) return ok('task events already disabled');
  logger.info('Events of group {task} disabled by remote.');
  return ok('task events disabled');
};

export const heartbeat: Handler = ({ events, logger }) => {
  logger.debug('Heartbeat requested by remote.');
  events?.heartbeat();
  return null;
};

export const election: Handler = ({ events }, { id, topic, action }) => {
  events?.elect?.(String(id), String(topic), action);
  return null;
};
