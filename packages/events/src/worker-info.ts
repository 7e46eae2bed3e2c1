import type { ReceivedEvent } from './vocabulary.ts';

/** A worker lives for so many of its heartbeats without one. Celery's window of 200 %. */
const MISSED_BEATS = 2;
const DEFAULT_FREQ = 60;

/** What events have told of a worker. */
export interface WorkerInfo {
  readonly hostname: string;
  pid: number | undefined;
  /** Seconds between its heartbeats. */
  freq: number;
  /** When the last sign of life arrived here. Unix seconds; 0: none yet. */
  heartbeat: number;
  clock: number;
  active: number | undefined;
  processed: number | undefined;
  loadavg: readonly number[] | undefined;
  swIdent: string | undefined;
  swVer: string | undefined;
  swSys: string | undefined;
  /** Its clock minus ours, at the last sign of life. Seconds. */
  drift: number;
}

export function unknownWorker(hostname: string): WorkerInfo {
  return {
    hostname,
    pid: undefined,
    freq: DEFAULT_FREQ,
    heartbeat: 0,
    clock: 0,
    active: undefined,
    processed: undefined,
    loadavg: undefined,
    swIdent: undefined,
    swVer: undefined,
    swSys: undefined,
    drift: 0,
  };
}

/** Takes a sign of life into what is known of its worker. */
export function noteSign(worker: WorkerInfo, event: ReceivedEvent): void {
  const { active, processed, loadavg, freq, sw_ident: ident, sw_ver: ver, sw_sys: sys } = event;
  worker.heartbeat = Math.max(worker.heartbeat, event.local_received);
  worker.clock = event.clock;
  worker.drift = event.timestamp - event.local_received;
  if (typeof event.pid === 'number') worker.pid = event.pid;
  if (typeof freq === 'number' && freq > 0) worker.freq = freq;
  if (typeof active === 'number') worker.active = active;
  if (typeof processed === 'number') worker.processed = processed;
  if (Array.isArray(loadavg)) worker.loadavg = loadavg.filter((each) => typeof each === 'number');
  if (typeof ident === 'string') worker.swIdent = ident;
  if (typeof ver === 'string') worker.swVer = ver;
  if (typeof sys === 'string') worker.swSys = sys;
}

/** Until when a worker counts as alive without another sign. Unix seconds. */
export function expiryOf({ heartbeat, freq }: WorkerInfo): number {
  return heartbeat + freq * MISSED_BEATS;
}
