const PER_SECOND: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

/** Times a second of a rate such as '10/s', '100/m', '5/h' or a number; undefined where it is none. */
export function perSecond(rate: string | number): number | undefined {
  const match = /^\s*(\d+(?:\.\d+)?)\s*(?:\/\s*([smh]))?\s*$/.exec(String(rate));
  return match ? Number(match[1]) / (PER_SECOND[match[2] ?? 's'] as number) : undefined;
}
