import { app } from './tq.ts';

export const add = app.task('proj.tasks.add', (x: number, y: number) => x + y);

export const mul = app.task('proj.tasks.mul', (x: number, y: number) => x * y);

export const xsum = app.task('proj.tasks.xsum', (numbers: number[]) =>
  numbers.reduce((sum, number) => sum + number, 0),
);
