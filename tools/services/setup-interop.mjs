// Jest's globalSetup of the interop suite: both brokers, and a Python with Celery if there is any.
import { VARIABLE, findCelery } from './celery.mjs';
import { provide } from './provide.mjs';

export default async () => {
  const found = findCelery();
  if (found) {
    process.env[VARIABLE] = found.python;
    process.env.TQ_TEST_CELERY_VERSION = found.celery;
    console.log(`Interop with Celery ${found.celery}, kombu ${found.kombu} (${found.python})`);
  } else {
    console.log(
      `The interop suite is skipped: it needs Python 3 with Celery 5 and redis. Install them (pip install "celery[redis]", or on Debian: apt-get install celery python3-redis) or name such a Python in ${VARIABLE}.`,
    );
  }
  await provide('redis', 'rabbitmq');
};
