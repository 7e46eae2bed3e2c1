import type { Averages } from './averages.ts';
import type { Line } from './line.ts';
import type { Seat } from './seat.ts';
import type { Ticket } from './ticket.ts';

/** Tasks that take longer on average are not sent to wait behind others: a slot is worth more to them than a batch. */
const SHORT_MS = 1;
/** What a job of an unknown task is taken for: long enough that nothing is sent to wait behind it. */
const UNKNOWN_MS = 20;
/** Larger payloads travel alone. Bytes. */
const LIGHT_BYTES = 64 * 1024;

/**
 * Gives waiting jobs to seats: first one to each free slot, then, to every host in equal parts, short ones to wait there
 * so that they travel in batches.
 */
export function deal(line: Line, seats: readonly Seat[], averages: Averages): void {
  fillSlots(line, seats, averages);
  if (line.length > 0) sendAhead(line, seats, averages);
}

function fillSlots(line: Line, seats: readonly Seat[], averages: Averages): void {
  let open = seats.filter((seat) => seat.free > 0);
  while (open.length > 0 && line.length > 0) {
    // Equal parts first, so that hosts of many slots fill evenly.
    const share = Math.ceil(line.length / open.length);
    for (const seat of open) give(seat, take(line, Math.min(share, seat.free), averages));
    open = open.filter((seat) => seat.free > 0);
  }
}

function sendAhead(line: Line, seats: readonly Seat[], averages: Averages): void {
  const roomy = seats.filter((seat) => seat.room > 0);
  for (const [index, seat] of roomy.entries()) {
    const share = Math.ceil(line.length / (roomy.length - index));
    give(seat, takeShort(line, Math.min(share, seat.room), seat.host?.jobs.roomMs ?? 0, averages));
  }
}

function give(seat: Seat, tickets: readonly Ticket[]): void {
  if (tickets.length > 0) seat.host?.give(tickets);
}

function take(line: Line, count: number, averages: Averages): Ticket[] {
  const taken: Ticket[] = [];
  while (taken.length < count) {
    const ticket = line.shift();
    if (!ticket) break;
    if (!wanted(ticket)) continue;
    ticket.expectedMs = averages.of(ticket.job.task) ?? UNKNOWN_MS;
    taken.push(ticket);
  }
  return taken;
}

/** Stops at the first job that isn't known to be short and light: nobody is overtaken. */
function takeShort(line: Line, count: number, roomMs: number, averages: Averages): Ticket[] {
  const taken: Ticket[] = [];
  let leftMs = roomMs;
  while (taken.length < count && leftMs > 0) {
    const next = line.peek();
    if (!next) break;
    const ms = averages.of(next.job.task);
    if (ms === undefined || ms > SHORT_MS || next.weigh() > LIGHT_BYTES) break;
    line.shift();
    if (!wanted(next)) continue;
    next.expectedMs = ms;
    leftMs -= ms;
    taken.push(next);
  }
  return taken;
}

/** The last question before a job goes to a host. */
function wanted(ticket: Ticket): boolean {
  if (ticket.wanted()) return true;
  ticket.finish({ kind: 'returned' });
  return false;
}
