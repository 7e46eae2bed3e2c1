/**
 * The embedded default: queues, results and broadcasts in one SQLite file, shared by the processes of one machine.
 *
 * ```ts
 * const app = createApp('proj', { broker: 'sqlite:///var/lib/proj/queue.db', backend: 'sqlite:///var/lib/proj/queue.db' });
 * ```
 */
export { sqlite, sqlite as transport } from './transport.ts';
export { sqliteBackend, sqliteBackend as backend } from './backend.ts';
