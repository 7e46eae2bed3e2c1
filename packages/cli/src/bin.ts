#!/usr/bin/env node
import { EXIT } from './exit-codes.ts';
import { main } from './main.ts';

// Whoever reads our output may stop reading: tq list bindings | head -1
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

/** Ends here: what the user's modules have opened, a database say, would keep the process alive for nothing. */
async function end(exitCode: number): Promise<never> {
  for (const stream of [process.stdout, process.stderr])
    await new Promise((resolve) => stream.write('', resolve));
  process.exit(exitCode);
}

// A program that ends before it has come to its end has failed.
process.exitCode = EXIT.failure;
void main(process.argv.slice(2)).then(end);
