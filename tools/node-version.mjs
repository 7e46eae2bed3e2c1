// Stops with a sentence on a Node that is too old. Must parse there, so nothing new is used here.
import { readFileSync } from 'node:fs';

const { engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const needed = /\d+\.\d+/.exec(engines.node)[0];

if (isOlder(process.versions.node, needed)) {
  console.error(
    `tq needs Node ${needed} or newer; this is ${process.versions.node}. Install one from nodejs.org.`,
  );
  process.exit(1);
}

function isOlder(version, floor) {
  const [major, minor] = version.split('.').map(Number);
  const [floorMajor, floorMinor] = floor.split('.').map(Number);
  return major < floorMajor || (major === floorMajor && minor < floorMinor);
}
