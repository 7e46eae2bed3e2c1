import type { PeerCertificate, SecureContextOptions } from 'node:tls';

/** TLS: `true` for the machine's own authorities, Node's options, or Celery's names of files, which core reads. */
export type TlsSetting = boolean | TlsOptions;

/** Options of Node's `tls.connect()` that matter to a client. */
export interface TlsOptions extends SecureContextOptions {
  /** Refuse a server whose certificate no authority vouches for. @default true */
  readonly rejectUnauthorized?: boolean;
  /** The name that the certificate must have. @default the host */
  readonly servername?: string;
  /** Says what is wrong with the name in a certificate. @default Node's own check */
  readonly checkServerIdentity?: (host: string, certificate: PeerCertificate) => Error | undefined;
  /** Celery's names. */
  readonly keyfile?: string;
  readonly certfile?: string;
  readonly caCerts?: string;
  readonly certReqs?: 'required' | 'optional' | 'none';
  readonly checkHostname?: boolean;
  readonly serverHostname?: string;
}
