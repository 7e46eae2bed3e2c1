// Entry of a child process or thread: loads the app, then answers with runTask().
import { serve } from '@tq/pool/child';
import { loadChildApp } from './child-app.ts';
import type { ChildInit } from './child-app.ts';
import { childHandlerOf } from './handler.ts';

let closeApp: (() => Promise<void>) | undefined;

serve(
  async (init, host) => {
    const app = await loadChildApp(init as ChildInit);
    closeApp = () => app.close();
    app.hooks.emit('workerProcessInit', { index: host.index });
    return childHandlerOf(app, (init as ChildInit).hostname);
  },
  // What a task has sent without waiting for it still gets out.
  { close: () => closeApp?.() },
);
