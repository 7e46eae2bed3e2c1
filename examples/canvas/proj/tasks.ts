import { group } from '@tq/canvas';
import type { FailedRequest } from '@tq/core';
import { app } from './tq.ts';

export const add = app.task('proj.add', (x: number, y: number) => x + y);
export const mul = app.task('proj.mul', (x: number, y: number) => x * y);
export const xsum = app.task('proj.xsum', (numbers: number[]) => numbers.reduce((sum, n) => sum + n, 0));
export const hello = app.task('proj.hello', () => 'hello');
export const count = app.task('proj.count', (list: readonly unknown[]) => list.length);

// For filters.ts.
export const upload = app.task('proj.upload', (file: string) => `/store/${file}`);
export const filter = app.task('proj.filter', (path: string, name: string) => `${path} ${name}`);

// For error-links.ts.
export const fail = app.task('proj.fail', (why: string): number => {
  throw new TypeError(why);
});
/** With one parameter more than it's given: the id of the failed task. */
export const told = app.task('proj.told', (failedId: string) => `task ${failedId} failed`);
/** With more than one: the failed call, its error and its stack. */
export const toldWhy = app.task(
  'proj.told_why',
  (request: FailedRequest, error: Error, traceback: string | null) =>
    `${request.task}: ${error.message}, ${traceback === null ? 'without' : 'with'} a stack`,
);

// For replace.ts and add-to-chord.ts.
export const squares = app.task('proj.squares', { bind: true }, (self, upTo: number) =>
  self.replace(group(Array.from({ length: upTo }, (_, i) => mul.s(i, i)))),
);
/** The pages below a page, each a task of its own in the same chord. */
export const crawl = app.task('proj.crawl', { bind: true }, async (self, page: string, links: string[]) => {
  for (const link of links) await self.addToChord(crawl.s(link, []));
  return page;
});

// For stamps.ts.
export const whose = app.task('proj.whose', { bind: true }, (self) => self.request.stamps['tenant']);
