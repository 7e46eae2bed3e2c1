import { expect } from '@jest/globals';
import { systemClock } from '@tq/core';
import type { HostLog, Job, JobWatcher, Pool, PoolHost } from '@tq/core';
import { eventually, within } from '../eventually.ts';
import { memoryLogger } from '../memory-logger.ts';
import type { ContractPayload, PoolContractOptions } from '../pool-contract.ts';
import { RunningJob } from './running-job.ts';

/** What a test may want to have different. */
export interface RigOptions extends Partial<
  Pick<PoolHost, 'maxMemoryPerChild' | 'maxTasksPerChild' | 'startTimeoutMs'>
> {
  readonly size?: number;
  /** File URL of a module that a host imports before it is ready. */
  readonly module?: string;
}

let jobs = 0;

/** A pool with everything around it that a worker would give. */
export class Rig {
  readonly pool: Pool;
  readonly logger = memoryLogger();
  readonly logs: HostLog[] = [];
  readonly fatal: Error[] = [];
  readonly #running: RunningJob[] = [];
  readonly #pids = new Set<number>();

  constructor(contract: PoolContractOptions, options: RigOptions) {
    const { size = 2, module, ...rest } = options;
    const factory = contract.pool({ size });
    this.pool = factory.create({
      entry: contract.entry,
      init: module === undefined ? {} : { module },
      handler: async () => {
        if (module !== undefined) await import(module);
        return contract.handler;
      },
      logger: this.logger,
      clock: systemClock,
      size,
      startTimeoutMs: 20_000,
      onFatal: (error) => this.fatal.push(error),
      onLog: (line) => this.logs.push(line),
      ...rest,
    });
  }

  run(payload: ContractPayload, job: Partial<Job> = {}, watch: Partial<JobWatcher> = {}): RunningJob {
    const whole: Job = { id: `job-${++jobs}`, task: `contract.${payload.do}`, payload, ...job };
    const running = new RunningJob(whole, watch);
    this.#running.push(running);
    running.begin(this.pool);
    return running;
  }

  /** Runs it and gives the value it succeeded with. */
  async value(payload: ContractPayload, job?: Partial<Job>): Promise<unknown> {
    return (await this.run(payload, job).ended()).value;
  }

  /** Starts a job and waits until it runs. */
  async started(payload: ContractPayload, job: Partial<Job> = {}): Promise<RunningJob> {
    const running = this.run(payload, { ...job, announce: true });
    await eventually(() => running.accepted > 0, { what: `${payload.do} to start`, timeoutMs: 10_000 });
    return running;
  }

  /** Makes jobs of this task known as short. */
  async warm(task: string, times = 200): Promise<void> {
    for (let i = 0; i < times; i += 20) {
      const some = Array.from({ length: 20 }, () => this.run({ do: 'echo', value: i }, { task }));
      await Promise.all(some.map((one) => one.ended()));
    }
  }

  /** Ids of the processes that are alive now. */
  livePids(): number[] {
    this.notePids();
    return [...this.#pids].filter((pid) => pid !== process.pid && isAlive(pid));
  }

  notePids(): void {
    for (const host of this.pool.stats().hosts) this.#pids.add(host.pid);
  }

  /** Closes, and proves that nothing is left and every job had exactly one end. */
  async endOfTest(): Promise<void> {
    this.notePids();
    await within(this.pool.close({ graceMs: 0 }), 10_000, 'the pool to close');
    await eventually(() => this.livePids().length === 0, { what: 'all child processes to be gone' });
    const ends = this.#running.map((one) => ({ payload: one.job.payload, ends: one.outcomes.length }));
    expect(ends.filter((one) => one.ends !== 1)).toEqual([]);
    expect(this.pool.stats()).toMatchObject({ busy: 0, waiting: 0, hosts: [] });
  }
}

/** Signal 0 asks without telling. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
