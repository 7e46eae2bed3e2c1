// What a pool's child process runs here: nothing, or something that blocks its event loop for a while.
import { serve } from '@tq/pool/child';

serve(() => async ({ blockMs }) => {
  if (blockMs) for (const endMs = performance.now() + blockMs; performance.now() < endMs;);
  return { kind: 'succeeded', result: 'null', runtimeMs: 0 };
});
