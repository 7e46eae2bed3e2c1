/**
 * A broker and a result backend inside this process: for tests, and for trying things out.
 *
 * ```ts
 * const app = createApp('proj', { broker: 'memory://', backend: 'memory://' });
 * ```
 */
import { resetResults } from './backend.ts';
import { resetBrokers } from './transport.ts';

export { memory, memory as transport } from './transport.ts';
export { memoryBackend, memoryBackend as backend } from './backend.ts';

/** Forgets the messages, bindings and results of one name, or of all; connections stay open. */
export function resetMemory(name?: string): void {
  resetBrokers(name);
  resetResults(name);
}
