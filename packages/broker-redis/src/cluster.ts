import { BrokerUnavailableError } from '@tq/core';
import type { Address } from './address.ts';
import type { Client } from './client.ts';

/**
 * Where the keys live. All of them have one hash tag, so on a Cluster that is a single server; when it moves, the
 * server there says so, the connection ends, and the next one looks again. Addresses of other kinds stay as they are.
 */
export async function locateSlot(
  address: Address,
  connect: (address: Address) => Promise<Client>,
  prefix: string,
): Promise<Address> {
  if (address.kind !== 'cluster') return address;
  const seed = await connect(address);
  try {
    const slot = Number(await seed.call('CLUSTER', 'KEYSLOT', prefix));
    const owner = ownerOf(await seed.call('CLUSTER', 'SLOTS'), slot);
    if (!owner)
      throw new BrokerUnavailableError(`No server of the Redis Cluster has the slot ${slot} of ${prefix}.`);
    return { ...address, host: owner.host === '' ? address.host : owner.host, port: owner.port };
  } finally {
    seed.end();
  }
}

function ownerOf(
  ranges: unknown,
  slot: number,
): { readonly host: string; readonly port: number } | undefined {
  if (!Array.isArray(ranges)) return undefined;
  for (const range of ranges as unknown[]) {
    if (!Array.isArray(range)) continue;
    const [from, to, master] = range as unknown[];
    if (Number(from) > slot || Number(to) < slot || !Array.isArray(master)) continue;
    const [host, port] = master as unknown as readonly [Buffer | null, number];
    return { host: host === null ? '' : host.toString(), port: Number(port) };
  }
  return undefined;
}
