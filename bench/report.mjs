// Prints reports: tables for the terminal and for results.md.
const UNITS = {
  'tasks/s': (value) => Math.round(value).toLocaleString('en'),
  bytes: (value) => Math.round(value).toLocaleString('en'),
  ms: (value) => value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0),
};

/** A section in Markdown, which reads well on a terminal too. */
export function sectionOf({ measurement, rounds, rows, goals, skipped }) {
  const { name, title, unit, note } = measurement;
  const show = UNITS[unit];
  const parts = [
    `## ${name}`,
    `${title}. ${rounds} round${rounds === 1 ? '' : 's'}${note ? `. ${note}` : '.'}`,
    table(
      ['', `${unit}, median`, 'min', 'max'],
      rows.map((row) => [row.name, show(row.median), show(row.min), show(row.max)]),
    ),
    ...(goals.length > 0
      ? [
          table(
            ['goal', 'reached', ''],
            goals.map((each) => goalRow(each, show)),
          ),
        ]
      : []),
    ...skipped.map(({ name: subject, reason }) => `Left out: ${subject} (${reason}).`),
  ];
  return `${parts.join('\n\n')}\n`;
}

function goalRow({ goal, ratio, share, met }, show) {
  if (met === undefined) return [sentenceOf(goal, show), 'not measured', ''];
  const reached = ratio ? `${spreadOf(ratio)} ×` : `${spreadOf(share)} of it`;
  return [sentenceOf(goal, show), reached, met ? 'pass' : 'MISS'];
}

function sentenceOf({ row, is, against, factor = 1, plus = 0 }, show) {
  if (!against) return `${row}: ${is} ${show(factor * plus)}`;
  return `${row}: ${is} ${Number(factor.toPrecision(2))} × ${against}${plus ? ` + ${show(plus)}` : ''}`;
}

/** `0.52 (0.49–0.55)` */
function spreadOf({ median, min, max }) {
  return `${median.toFixed(2)} (${min.toFixed(2)}–${max.toFixed(2)})`;
}

export function table(head, rows) {
  const widths = head.map((title, column) =>
    Math.max(3, title.length, ...rows.map((row) => row[column].length)),
  );
  const line = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
