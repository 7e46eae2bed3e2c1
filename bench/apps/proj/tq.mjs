// The app that the start of a worker is measured with: `tq -A proj worker`.
import { createApp } from '@tq/core';
import { leaveMark } from '../mark.mjs';

const { BENCH_QUEUE: queue = 'sqlite://' } = process.env;

export const app = createApp('proj', { module: import.meta.url, broker: queue, backend: queue });

export const mark = app.task('proj.mark', leaveMark);
