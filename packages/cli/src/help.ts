import { longName, spellings } from './command.ts';
import type { Command, Option, Options } from './command.ts';
import { COMMANDS } from './commands.ts';
import { twoColumns, wrapped } from './columns.ts';
import { GLOBALS } from './globals.ts';

export interface Page {
  readonly width: number;
  /** Makes a heading stand out. */
  heading(text: string): string;
}

const NAMES = 33;

export function programHelp(version: string, page: Page): string {
  const commands = Object.entries(COMMANDS).map(([name, { summary }]) => [`  ${name}`, summary] as const);
  return sections([
    `tq ${version}: tasks for Node.js on Celery's wire`,
    `${page.heading('Usage')}\n  tq -A MODULE COMMAND [options]`,
    `${page.heading('Commands')}\n${twoColumns(commands, { width: page.width, nameWidth: 14 })}`,
    optionList('Options, before or after the command', GLOBALS, page),
    examples(
      [
        ['-A proj worker -l info', 'start a worker'],
        ["-A proj call proj.tasks.add -a '[2, 2]'", 'send a task; prints its id'],
        ['-A proj result ID', 'print what it returned'],
      ],
      page,
    ),
    'tq COMMAND --help tells the rest.',
  ]);
}

export function commandHelp(command: Command, page: Page): string {
  const summary = COMMANDS[command.name]?.summary ?? '';
  return sections([
    `tq ${command.name}: ${summary.charAt(0).toLowerCase()}${summary.slice(1)}`,
    `${page.heading('Usage')}\n  ${usage(command)}`,
    ...(command.about ?? []).map((paragraph) => wrapped(paragraph, page.width).join('\n')),
    words(command, page),
    ...(command.lists ?? []).map(
      ({ heading, rows }) =>
        `${page.heading(heading)}\n${twoColumns(
          rows.map(([name, meaning]) => [`  ${name}`, meaning] as const),
          { width: page.width, nameWidth: NAMES + 9 },
        )}`,
    ),
    ...groupsOf(command.options).map(([heading, options]) => optionList(heading, options, page)),
    examples(command.examples, page),
    wrapped(`Options of every command, which tq --help explains: ${globalNames()}`, page.width).join('\n'),
  ]);
}

export function usage(command: Command): string {
  const words = (command.words ?? []).map(({ name, optional, choices, many }) => {
    const shown = `${choices ? choices.join('|') : name}${many ? '…' : ''}`;
    return optional ? `[${shown}]` : shown;
  });
  const rest = command.rest === undefined ? [] : [`[-- ${command.rest}]`];
  return ['tq -A MODULE', command.name, ...words, '[options]', ...rest].join(' ');
}

function words(command: Command, page: Page): string {
  if (!command.words || command.words.length === 0) return '';
  const rows = command.words.map(({ name, help }) => [`  ${name}`, help] as const);
  return twoColumns(rows, { width: page.width, nameWidth: NAMES });
}

function optionList(heading: string, options: Options, page: Page): string {
  const rows = Object.entries(options)
    .filter(([, option]) => !option.hidden)
    .map(([key, option]) => [optionName(key, option), optionMeaning(option)] as const);
  return `${page.heading(heading)}\n${twoColumns(rows, { width: page.width, nameWidth: NAMES })}`;
}

function globalNames(): string {
  return Object.entries(GLOBALS)
    .map(([key, option]) => spellings(key, option)[0])
    .join(', ');
}

function optionName(key: string, option: Option): string {
  const names = spellings(key, option).join(', ');
  // Where there's no short name, long ones stand below long ones.
  const indent = option.short === undefined ? '      ' : '  ';
  return `${indent}${names}${option.placeholder === '' ? '' : ` ${option.placeholder}`}`;
}

function optionMeaning({ help, otherwise, env }: Option): string {
  const notes = [
    ...(otherwise === undefined ? [] : [`default: ${otherwise}`]),
    ...(env ? [`env: ${env.join(', ')}`] : []),
  ];
  return notes.length === 0 ? help : `${help} [${notes.join('; ')}]`;
}

function groupsOf(options: Options): readonly (readonly [heading: string, options: Options])[] {
  const groups = new Map<string, [string, Option][]>();
  for (const [key, option] of Object.entries(options)) {
    const heading = option.group ?? 'Options';
    groups.set(heading, [...(groups.get(heading) ?? []), [key, option]]);
  }
  return [...groups].map(([heading, members]) => [heading, Object.fromEntries(members)]);
}

function examples(lines: Command['examples'], page: Page): string {
  if (lines.length === 0) return '';
  const rows = lines.map(([line, meaning]) => [`  tq ${line}`, meaning] as const);
  const widest = Math.max(...rows.map(([line]) => line.length)) + 3;
  return `${page.heading('Examples')}\n${twoColumns(rows, { width: Math.max(page.width, widest + 24), nameWidth: Math.min(widest, 50) })}`;
}

function sections(parts: readonly string[]): string {
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

/** `-l, --loglevel` of an option, for messages. */
export function optionLabel(key: string, option: Option): string {
  const [letter = ''] = option.short ?? '';
  return letter === '' ? `--${longName(key)}` : `-${letter}/--${longName(key)}`;
}
