import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Paths of PEM files. */
export interface IssuedFiles {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export interface IssueOptions {
  /** Names and addresses that the certificate is good for. @default localhost and 127.0.0.1 */
  readonly altNames?: string;
  /** Days; below 0 it has expired. @default 2 */
  readonly days?: number;
}

/** Signs certificates that nobody but a test trusts. Needs `openssl` on the PATH. */
export class TestAuthority implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'tq-ca-'));
  #serial = 1;

  constructor(name = 'tq test authority') {
    this.#openssl(
      'req',
      '-x509',
      ...this.#newKey('ca'),
      '-subj',
      `/CN=${name}`,
      '-days',
      '2',
      '-out',
      this.ca,
    );
  }

  /** The certificate of the authority itself. */
  get ca(): string {
    return this.#file('ca.pem');
  }

  /** A certificate with its key; `name` is its common name. */
  issue(name: string, { altNames = 'DNS:localhost,IP:127.0.0.1', days = 2 }: IssueOptions = {}): IssuedFiles {
    this.#serial += 1;
    const stem = `issued${this.#serial}`;
    const [request, extensions, cert] = ['csr', 'ext', 'pem'].map((end) => this.#file(`${stem}.${end}`)) as [
      string,
      string,
      string,
    ];
    writeFileSync(extensions, `subjectAltName=${altNames}\nextendedKeyUsage=serverAuth,clientAuth\n`);
    this.#openssl('req', ...this.#newKey(stem), '-subj', `/CN=${name}`, '-out', request);
    const authority = ['-CA', this.ca, '-CAkey', this.#file('ca.key'), '-set_serial', String(this.#serial)];
    const life = ['-days', String(days), '-extfile', extensions];
    this.#openssl('x509', '-req', '-in', request, ...authority, ...life, '-out', cert);
    return { ca: this.ca, cert, key: this.#file(`${stem}.key`) };
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #newKey(stem: string): readonly string[] {
    return [
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-keyout',
      this.#file(`${stem}.key`),
    ];
  }

  #openssl(...args: readonly string[]): void {
    execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  }

  #file(name: string): string {
    return join(this.#folder, name);
  }
}
