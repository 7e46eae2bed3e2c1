import { storeContract } from '@tq/testkit';
import type { StoreWhere } from '@tq/testkit';
import { ownLink, shareLink } from '../src/links.ts';
import { RedisStore } from '../src/store.ts';
import { redis } from '../src/transport.ts';
import { connectOptions, plainClient, redisUrl, removeKeys } from './server.ts';

const prefixes = new Set<string>();

function given({ broker, leaseMs }: StoreWhere) {
  const prefix = `${broker}:`;
  prefixes.add(prefix);
  const lease = leaseMs === undefined ? {} : { lease: leaseMs / 1000 };
  return connectOptions({ global_keyprefix: prefix, ...lease });
}

storeContract('redis, one link for all connections', {
  traits: redis.traits,
  urgent: 'smaller',
  async open(where) {
    const options = given(where);
    return new RedisStore({ ...(await shareLink(redisUrl(), options)), logger: options.logger });
  },
});

/** As if every connection were in a process of its own. */
storeContract('redis, a link for each connection', {
  traits: redis.traits,
  urgent: 'smaller',
  async open(where) {
    const options = given(where);
    return new RedisStore({ ...(await ownLink(redisUrl(), options)), logger: options.logger });
  },
});

afterAll(async () => {
  const client = await plainClient();
  for (const prefix of prefixes) await removeKeys(client, prefix);
  client.disconnect();
});
