import { ImproperlyConfigured } from '@tq/core';
import { globExpression } from '@tq/core/internal';
import type { Command } from './messages.ts';

/** Whether a command is for this node. As in Celery a pattern counts only where no destination is named, and with a matcher. */
export function isFor(
  hostname: string,
  { destination, pattern, matcher }: Pick<Command, 'destination' | 'pattern' | 'matcher'>,
): boolean {
  if (destination && destination.length > 0) return destination.includes(hostname);
  if (pattern === null || matcher === null || pattern === '' || matcher === '') return true;
  return patternOf(pattern, matcher).test(hostname);
}

/** @throws ImproperlyConfigured for a matcher that nobody knows, and for no regular expression */
export function patternOf(pattern: string, matcher: string): RegExp {
  if (matcher === 'glob') return globExpression(pattern);
  if (matcher !== 'pcre')
    throw new ImproperlyConfigured(`The matcher is "glob" or "pcre", not ${JSON.stringify(matcher)}.`);
  try {
    // Python matches from the start.
    return new RegExp(`^(?:${pattern})`);
  } catch (cause) {
    throw new ImproperlyConfigured(`${JSON.stringify(pattern)} is not a regular expression.`, { cause });
  }
}
