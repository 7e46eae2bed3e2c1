import type { ReceivedEvent } from '../../src/vocabulary.ts';

let clock = 0;

/** An event as it arrives; its clock and times go up with each one made. */
export function received(
  type: string,
  fields: Readonly<Record<string, unknown>> = {},
  from: { readonly hostname?: string; readonly pid?: number } = {},
): ReceivedEvent {
  clock += 1;
  return {
    hostname: 'w1@host',
    utcoffset: 0,
    pid: 1,
    ...from,
    clock,
    timestamp: 1_767_225_600 + clock,
    local_received: 1_767_225_600 + clock,
    type,
    ...fields,
  };
}
