import { ImproperlyConfigured } from '@tq/core';
import type { App, Duration } from '@tq/core';
import { camera } from '@tq/events';
import type { ClusterState } from '@tq/events';
import { importNamed } from '@tq/worker/load';
import { UsageError } from '../errors.ts';
import type { Program } from '../program.ts';
import { wake } from './wake.ts';

type Shutter = (state: ClusterState) => void | Promise<void>;

/** What a camera's module exports. */
interface Film {
  readonly shutter: Shutter;
  readonly cleanup?: Shutter;
  readonly clearAfter?: boolean;
}

/** Takes pictures until the signal fires. */
export async function runCamera(options: {
  readonly app: App;
  readonly program: Program;
  readonly signal: AbortSignal;
  readonly module: string;
  readonly every: Duration | undefined;
  readonly maxRate: string | undefined;
}): Promise<void> {
  const { app, program, signal, module, every, maxRate } = options;
  const film = await filmOf(module);
  try {
    await camera(app, {
      ...film,
      signal,
      ...(every === undefined ? {} : { every }),
      ...(maxRate === undefined ? {} : { maxRate }),
      onListening: async () => {
        program.out.note(`Taking pictures with ${module}; Ctrl-C ends it.`);
        await wake(app);
      },
    });
  } catch (error) {
    throw error instanceof ImproperlyConfigured ? new UsageError(error.message, { cause: error }) : error;
  }
}

/** `./camera.ts`, or `./camera.ts:name` for another export. */
async function filmOf(given: string): Promise<Film> {
  const [, path = given, name] = /^(.+?)(?::(\w+))?$/.exec(given) ?? [];
  const exported = await importNamed(path, { what: '--camera', workdir: process.cwd() });
  const found = name === undefined ? (exported['shutter'] ?? exported['default']) : exported[name];
  if (typeof found === 'function') {
    const { cleanup, clearAfter } = exported as Partial<Film>;
    return {
      shutter: found as Shutter,
      ...(typeof cleanup === 'function' ? { cleanup } : {}),
      ...(clearAfter === true ? { clearAfter } : {}),
    };
  }
  throw new UsageError(
    name === undefined
      ? `${path} exports no function shutter, and none as its default.`
      : `${path} exports no function ${name}.`,
  );
}
