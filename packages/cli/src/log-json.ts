import { LEVEL_NAMES, ownFields, processName, taskOf } from './log-line.ts';
import type { LogLine } from './log-line.ts';

/** A line as one JSON object. A field that has the name of one of ours gives way. */
export function jsonFormat(line: LogLine): string {
  const ours = {
    time: new Date(line.timeMs).toISOString(),
    level: LEVEL_NAMES[line.level],
    process: processName(line),
    message: line.message,
    ...taskOf(line),
  };
  const fields = Object.fromEntries(
    ownFields(line).map(([name, value]) => [
      name,
      value instanceof Error ? (value.stack ?? value.message) : value,
    ]),
  );
  return stringify({ ...ours, ...fields, ...ours }) ?? stringify(ours) ?? '';
}

/** Undefined for what can't be JSON: a cycle, a big integer. */
function stringify(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
