import { describe, expect, test } from '@jest/globals';
import type { Channel } from '@tq/core';
import { eventually } from '../eventually.ts';
import { message, numbered, sorted, textOf } from '../fixtures.ts';
import type { TransportBench } from '../transport-contract.ts';
import { freshQueue } from './collect.ts';

const PER_SENDER = 1500;

/** Acknowledgements still to be given. */
interface Late {
  acks: number;
}

export function transportVolume(bench: TransportBench): void {
  describe('volume', () => {
    /** Every fifth message is given back the first time it comes; the rest is acknowledged a little later. */
    async function work(
      channel: Channel,
      queues: readonly string[],
      done: string[],
      late: Late,
    ): Promise<void> {
      let seen = 0;
      for (const queue of queues)
        await channel.consume(queue, (delivery) => {
          seen += 1;
          if (!delivery.redelivered && seen % 5 === 0) {
            delivery.reject({ requeue: true });
            return;
          }
          done.push(textOf(delivery));
          if (seen % 3 !== 0) {
            delivery.ack();
            return;
          }
          late.acks += 1;
          setImmediate(() => {
            delivery.ack();
            late.acks -= 1;
          });
        });
    }

    async function send(
      channel: Channel,
      queues: readonly string[],
      texts: readonly string[],
    ): Promise<void> {
      for (let start = 0; start < texts.length; start += 100) {
        const batch = texts.slice(start, start + 100);
        await Promise.all(
          batch.map((text, index) =>
            channel.publish(message(text), { exchange: '', routingKey: queues[index % queues.length]! }),
          ),
        );
      }
    }

    test('thousands of messages, published and settled at one time: none lost, none doubled', async () => {
      const senders = [await bench.channel(), await bench.channel()];
      const workers = [await bench.channel(), await bench.channel(), await bench.channel()];
      const queues = [
        await freshQueue(senders[0]!, bench.name()),
        await freshQueue(senders[0]!, bench.name()),
      ];
      const texts = [numbered(PER_SENDER, 'a'), numbered(PER_SENDER, 'b')] as const;
      const done: string[] = [];
      const late = { acks: 0 };
      for (const [index, worker] of workers.entries()) {
        await worker.prefetch([1, 20, 0][index]!);
        await work(worker, queues, done, late);
      }
      await Promise.all([send(senders[0]!, queues, texts[0]), send(senders[1]!, queues, texts[1])]);
      const finished = (): boolean => done.length >= 2 * PER_SENDER && late.acks === 0;
      await eventually(finished, { timeoutMs: 20_000, what: 'all messages' });
      for (const worker of workers) await worker.close();
      expect(sorted(done)).toEqual(sorted(texts.flat()));
      for (const queue of queues) expect((await senders[0]!.declareQueue({ name: queue })).messages).toBe(0);
    });
  });
}
