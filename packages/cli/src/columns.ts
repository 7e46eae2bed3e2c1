/** Rows of a name and its meaning, in two columns; a name too wide for its column stands on a line of its own. */
export function twoColumns(
  rows: readonly (readonly [name: string, meaning: string])[],
  options: { readonly width: number; readonly nameWidth: number },
): string {
  const { width, nameWidth } = options;
  const indent = ' '.repeat(nameWidth);
  return rows
    .flatMap(([name, meaning]) => {
      const lines = wrapped(meaning, width - nameWidth);
      const fits = name.length < nameWidth - 1;
      return fits
        ? [name.padEnd(nameWidth) + (lines[0] ?? ''), ...lines.slice(1).map((line) => indent + line)]
        : [name, ...lines.map((line) => indent + line)];
    })
    .map((line) => line.trimEnd())
    .join('\n');
}

/** A table with its columns aligned. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Text in lines of at most this width, broken at spaces. */
export function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
