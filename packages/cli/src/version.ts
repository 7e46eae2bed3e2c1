import { readFileSync } from 'node:fs';

/** Shown after the number, in banners and by --version. */
const CODENAME = 'paper-boat';

/** `0.1.0 (paper-boat)` */
export function versionText(): string {
  return `${versionNumber()} (${CODENAME})`;
}

export function versionNumber(): string {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    readonly version: string;
  };
  return manifest.version;
}
