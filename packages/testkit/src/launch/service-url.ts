const VARIABLES = { redis: 'TQ_TEST_REDIS_URL', amqp: 'TQ_TEST_AMQP_URL' } as const;

/** The address of the server that this run of the tests shares. Names in it should be unique, others use it too. */
export function serviceUrl(service: keyof typeof VARIABLES): URL {
  const variable = VARIABLES[service];
  const text = process.env[variable];
  if (!text)
    throw new Error(
      `${variable} is not set: run the tests with npm test, or through node tools/services/run.mjs -- <command>, or name a running server in it.`,
    );
  return new URL(text);
}
