import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mustRun } from './run-program.ts';
import { REPOSITORY } from './tarballs.ts';
import type { Tarball } from './tarballs.ts';

/** A user's folder, outside the repository: what isn't installed there can't be found. */
export class EmptyProject implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'tq-user-'));

  constructor() {
    writeFileSync(
      join(this.folder, 'package.json'),
      '{ "name": "user", "private": true, "type": "module" }\n',
    );
    // Whatever of ours isn't given as a tarball must not come from anywhere else.
    writeFileSync(join(this.folder, '.npmrc'), '@tq:registry=http://127.0.0.1:1/\nfetch-retries=0\n');
  }

  async install(tarballs: readonly Tarball[]): Promise<void> {
    const files = tarballs.map(({ file }) => file);
    await mustRun('npm', ['install', ...files, '--no-audit', '--no-fund', '--prefer-offline'], {
      cwd: this.folder,
      limitMs: 120_000,
    });
  }

  /** Copies a folder of programs into the project. */
  add(programs: string): void {
    cpSync(programs, this.folder, { recursive: true });
  }

  /** Runs a program of the project with Node. */
  node(...args: readonly string[]): Promise<string> {
    return mustRun(process.execPath, args, { cwd: this.folder });
  }

  /** Compiles strictly with the given options, and checks the declarations of the packages too. */
  async compile(files: readonly string[], options: Readonly<Record<string, unknown>>): Promise<void> {
    const compilerOptions = {
      strict: true,
      skipLibCheck: false,
      target: 'es2022',
      types: ['node'],
      typeRoots: [join(REPOSITORY, 'node_modules/@types')],
      ...options,
    };
    writeFileSync(join(this.folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
    await this.node(join(REPOSITORY, 'node_modules/typescript/bin/tsc'), '-p', '.');
  }

  /** Names of what npm has installed, the transitive packages too. */
  installed(): readonly string[] {
    const modules = join(this.folder, 'node_modules');
    return readdirSync(modules)
      .filter((name) => !name.startsWith('.'))
      .flatMap((name) =>
        name.startsWith('@') ? readdirSync(join(modules, name)).map((inner) => `${name}/${inner}`) : [name],
      )
      .toSorted();
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }
}
