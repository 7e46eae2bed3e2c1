import { arch, release, type } from 'node:os';
import type { App } from '@tq/core';
import { shownBackend, shownBroker } from '@tq/core/internal';
import { redacted } from './redact.ts';
import { versionText } from './version.ts';

export interface Report {
  readonly software: Readonly<Record<string, string>>;
  readonly platform: Readonly<Record<string, string>>;
  readonly app?: {
    readonly name: string;
    readonly transport: string;
    readonly results: string;
    readonly settings: Readonly<Record<string, unknown>>;
  };
}

export async function describe(app: App | undefined): Promise<Report> {
  const { node, v8 } = process.versions;
  return {
    software: { tq: versionText(), node, v8 },
    platform: { system: type(), arch: arch(), kernel: release() },
    ...(app
      ? {
          app: {
            name: app.name,
            transport: await shownBroker(app),
            results: await shownBackend(app),
            settings: redacted(app.config) as Readonly<Record<string, unknown>>,
          },
        }
      : {}),
  };
}

export function page({ software, platform, app }: Report): string {
  const lines = [`software -> ${pairs(software)}`, `platform -> ${pairs(platform)}`];
  if (!app) return lines.join('\n');
  const settings = Object.entries(app.settings).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  return [
    ...lines,
    `app      -> ${app.name} transport:${app.transport} results:${app.results}`,
    '',
    ...settings,
  ].join('\n');
}

function pairs(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}:${value}`)
    .join(' ');
}
