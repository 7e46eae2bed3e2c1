/** What of a text a terminal would not just show: controls, and what turns the direction of writing. */
// oxlint-disable-next-line no-control-regex -- these are meant
const UNSAFE = /[\u0000-\u001F\u007F-\u009F\u200E\u200F\u2028-\u202E\u2066-\u2069]/g;

/** A text in one line, harmless for a terminal. */
export function harmless(text: string): string {
  return text.replaceAll(/\r?\n|\t/g, ' ').replaceAll(UNSAFE, '\uFFFD');
}

/** Columns that a text takes. */
export function widthOf(text: string): number {
  let width = 0;
  for (const char of text) width += charWidth(char.codePointAt(0) as number);
  return width;
}

/** Exactly so many columns: filled with spaces, or cut off with a dot. */
export function fit(text: string, columns: number): string {
  if (columns <= 0) return '';
  const width = widthOf(text);
  if (width <= columns) return text + ' '.repeat(columns - width);
  let cut = '';
  let taken = 0;
  for (const char of text) {
    const more = charWidth(char.codePointAt(0) as number);
    if (taken + more > columns - 1) break;
    cut += char;
    taken += more;
  }
  return `${cut}…${' '.repeat(columns - 1 - taken)}`;
}

/** A text in lines of at most so many columns; its own line breaks stay. */
export function folded(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  for (const given of text.split(/\r?\n/)) {
    let line = '';
    let width = 0;
    for (const char of harmless(given.replaceAll('\t', '    '))) {
      const more = charWidth(char.codePointAt(0) as number);
      if (width + more > columns) {
        lines.push(line);
        [line, width] = ['', 0];
      }
      line += char;
      width += more;
    }
    lines.push(line);
  }
  return lines;
}

/** Combining marks take no column, the scripts of East Asia and pictures two. */
function charWidth(code: number): number {
  if (code < 0x300) return 1;
  if (code <= 0x36f || (code >= 0x200b && code <= 0x200d) || (code >= 0xfe00 && code <= 0xfe0f)) return 0;
  return WIDE.some(([from, to]) => code >= from && code <= to) ? 2 : 1;
}

const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0xa4cf],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1f64f],
  [0x1f680, 0x1f6ff],
  [0x1f900, 0x1f9ff],
  [0x20000, 0x3fffd],
];
