import { serve } from '@tq/pool/child';
serve(async () => async () => ({ kind: 'succeeded', result: 'null', runtimeMs: 0 }));
