import type { Ticket } from './ticket.ts';

/** The waiting line. Who comes back from a host stands in front again. */
export class Line {
  /** Came back; the last one is the first to go. */
  readonly #front: Ticket[] = [];
  #back: Ticket[] = [];
  /** Where the back begins. */
  #first = 0;
  #length = 0;

  /** Tickets that wait. */
  get length(): number {
    return this.#length;
  }

  push(ticket: Ticket): void {
    this.#back.push(ticket);
    this.#length++;
  }

  /** Puts tickets in front of all others, in their order. */
  putBack(tickets: readonly Ticket[]): void {
    this.#front.push(...tickets.toReversed());
    this.#length += tickets.length;
  }

  /** The next one that is not over, left where it is. */
  peek(): Ticket | undefined {
    for (;;) {
      const ticket = this.#front.at(-1) ?? this.#back[this.#first];
      if (!ticket?.over) return ticket;
      this.#drop();
    }
  }

  shift(): Ticket | undefined {
    const ticket = this.peek();
    if (!ticket) return undefined;
    this.#drop();
    this.#length--;
    return ticket;
  }

  /** A ticket that waits here is over; it is passed by when its turn comes. */
  forget(): void {
    this.#length--;
  }

  /** Takes everyone out. */
  clear(): Ticket[] {
    const tickets: Ticket[] = [];
    for (let ticket = this.shift(); ticket; ticket = this.shift()) tickets.push(ticket);
    return tickets;
  }

  #drop(): void {
    if (this.#front.pop()) return;
    this.#first++;
    if (this.#first < this.#back.length && this.#first < 1024) return;
    this.#back = this.#back.slice(this.#first);
    this.#first = 0;
  }
}
