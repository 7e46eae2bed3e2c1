// Running npm from the tools without a shell: through its own file, on the Node that runs now.
import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { exitCodeOf } from './child.mjs';
import { ROOT } from './repository.mjs';

/** Why a job can't go on, as one sentence that says what to do. */
export class Refusal extends Error {
  name = 'Refusal';
}

const IS_NPM = /npm-cli\.c?js$/;

/** npm's file: the npm that started us, else the one beside Node, else the one on the PATH. */
export function npmFile() {
  const here = dirname(process.execPath);
  const found = [
    process.env.npm_execpath,
    join(here, 'node_modules/npm/bin/npm-cli.js'),
    join(here, '../lib/node_modules/npm/bin/npm-cli.js'),
    ...(process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'npm')),
  ].find((file) => file && existsSync(file) && IS_NPM.test(realpathSync(file)));
  if (found === undefined)
    throw new Refusal('npm is missing: it comes with Node. Is its folder on the PATH?');
  return found;
}

/** Runs npm in the root of the repository, without its chatter. */
export async function npm(args) {
  const child = spawn(process.execPath, [npmFile(), ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    complaints += text;
  });
  const code = await exitCodeOf(child);
  if (code !== 0) throw new Refusal(whyNot(args[0], code, complaints));
}

const UNREACHABLE =
  /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT)\b/;

function whyNot(verb, code, complaints) {
  const [network] = UNREACHABLE.exec(complaints) ?? [];
  if (network !== undefined) {
    return `The npm registry can't be reached (${network}): check the network and npm config get registry, then start again.`;
  }
  if (/\bENOSPC\b/.test(complaints)) return 'The disk is full: free some 600 MB, then start again.';
  if (/\b(EACCES|EPERM|EROFS)\b/.test(complaints)) {
    return `npm may not write to ${join(ROOT, 'node_modules')}: check who owns it, then start again.`;
  }
  if (/\bEUSAGE\b/.test(complaints)) {
    return 'package.json and package-lock.json disagree: run npm install, then start again.';
  }
  const last = complaints.trimEnd().split('\n').slice(-20).join('\n');
  return `${last}\nnpm ${verb} failed with exit code ${code}; its own words are above.`;
}
