/**
 * The `tq` program. Its parts for programs that start workers themselves:
 *
 *     import { createLogging, textFormat } from '@tq/cli';
 *     const { logger } = createLogging({ level: 'info', stream: process.stderr, format: textFormat({ … }) });
 */
export { renderBanner } from './banner.ts';
export type { BannerFacts } from './banner.ts';
export { jsonFormat } from './log-json.ts';
export type { LogLine } from './log-line.ts';
export { textFormat } from './log-text.ts';
export type { TextFormat } from './log-text.ts';
export { createLogging } from './logging.ts';
export type { Logging, LoggingOptions } from './logging.ts';
export { main } from './main.ts';
export type { Terminal } from './terminal.ts';
