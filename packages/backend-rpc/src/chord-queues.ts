/** The queues of one chord; all are counted, and only `token` and `parts` are ever read. */
export interface ChordQueues {
  /** A message a finished member; one that was delivered twice may stand there twice. */
  readonly parts: string;
  /** As many empty messages as the header has members: their number is asked for without taking any. */
  readonly size: string;
  /** As many empty messages as were added to the header. */
  readonly growth: string;
  /** One message: whoever holds it may take the parts. */
  readonly token: string;
}

export function chordQueues(groupId: string): ChordQueues {
  const base = `tq.chord.${groupId}`;
  return {
    parts: `${base}.parts`,
    size: `${base}.size`,
    growth: `${base}.growth`,
    token: `${base}.token`,
  };
}

/** A saved group, and a message that only says that it is there. */
export interface SavedQueues {
  readonly value: string;
  readonly mark: string;
}

export function savedQueues(groupId: string): SavedQueues {
  return { value: `tq.group.${groupId}`, mark: `tq.group.${groupId}.saved` };
}
