import { COLOURS, MultiTool, PLAIN } from '@tq/multi';
import type { KnownOption } from '@tq/multi';
import { WORKER_OPTIONS, worker } from './commands/worker.ts';
import { GLOBALS } from './globals.ts';
import { optionOf } from './lookup.ts';
import { parse } from './parse.ts';
import { Program } from './program.ts';
import { wantsColor } from './terminal.ts';
import { versionText } from './version.ts';

const OPTIONS = { ...GLOBALS, ...WORKER_OPTIONS };

/** `tq multi`: what is needed to start workers of this program. Resolves with the exit code. */
export function runMulti(words: readonly string[], program: Program): Promise<number> {
  const { stdout, stderr, env } = program.terminal;
  const script = process.argv[1] ?? '';
  const hasColor = wantsColor(stdout, env, words.includes('-C') || words.includes('--no-color'));
  const tool = new MultiTool({
    program: [process.execPath, script, worker.name, '--detach'],
    options: known,
    write: (text) => void stdout.write(text),
    warn: (line) => void stderr.write(`tq: ${line}\n`),
    splash: `tq multi v${versionText()}`,
    paint: hasColor ? COLOURS : PLAIN,
    check: (command) => check(command, script, program),
  });
  return tool.run(words);
}

function known(spelling: string): KnownOption | undefined {
  if (spelling.includes('=') || (!spelling.startsWith('--') && spelling.length > 2)) return undefined;
  const found = optionOf(spelling, OPTIONS);
  return found && { key: found[0], takesValue: found[1].kind !== 'flag' };
}

/** What the first worker would complain of is said once, before any is started. What --cmd names has options of its own. */
async function check(
  command: readonly string[],
  script: string,
  { terminal, startedIn }: Program,
): Promise<void> {
  if (command[1] !== script || command[2] !== worker.name) return;
  const { globals } = await parse(worker, command.slice(3));
  new Program({ terminal, globals, startedIn }).requireAppSpec();
}
