import { EXIT } from './exit-codes.ts';

export interface Failure {
  readonly message: string;
  readonly exitCode: number;
}

const EXIT_CODES: Readonly<Record<string, number>> = {
  TQ_USAGE: EXIT.usage,
  TQ_APP_NOT_FOUND: EXIT.usage,
  TQ_MODULE_NOT_FOUND: EXIT.usage,
  TQ_WRONG_APP: EXIT.usage,
  TQ_IMPROPERLY_CONFIGURED: EXIT.usage,
  TQ_MISSING_PACKAGE: EXIT.usage,
  TQ_BROKER_UNAVAILABLE: EXIT.unavailable,
  TQ_BACKEND_UNAVAILABLE: EXIT.unavailable,
  TQ_PUBLISH: EXIT.unavailable,
  TQ_CANT_CREATE: EXIT.cantCreate,
};

/**
 * What the user is told, and the exit code. An error of ours is a sentence; anything else is a defect, and shows where. With
 * TQ_DEBUG=1 every error shows where.
 */
export function describeFailure(
  error: unknown,
  options: { readonly command: string | undefined; readonly debug: boolean },
): Failure {
  const { code, message, stack, remedy } = error as {
    readonly code?: unknown;
    readonly message?: string;
    readonly stack?: string;
    readonly remedy?: string;
  };
  const ours = typeof code === 'string' && code.startsWith('TQ_');
  const exitCode = (ours ? EXIT_CODES[code] : undefined) ?? EXIT.failure;
  if (!ours) return { message: `tq: unexpected ${stack ?? String(error)}`, exitCode };
  const sentence = `tq: ${message ?? ''}`;
  const help =
    code === 'TQ_USAGE' ? `\n${remedy ?? `tq ${options.command ?? 'COMMAND'} --help tells more.`}` : '';
  return { message: `${sentence}${help}${options.debug ? `\n${stackOf(error)}` : ''}`, exitCode };
}

function stackOf(error: unknown): string {
  const { stack, cause } = error as { readonly stack?: string; readonly cause?: unknown };
  return [stack ?? String(error), ...(cause === undefined ? [] : [`Caused by ${stackOf(cause)}`])].join('\n');
}
