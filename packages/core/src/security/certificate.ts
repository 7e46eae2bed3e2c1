import { X509Certificate } from 'node:crypto';
import { SecurityError } from '../errors.ts';

/** Whoever signs: the public half of a key, with a name. */
export interface Certificate {
  /** Issuer and serial number, as Celery writes them. Spec: message.md 8. */
  readonly id: string;
  readonly x509: X509Certificate;
  /** Bytes of a signature made with its key. */
  readonly signatureBytes: number;
  readonly expiresMs: number;
}

/** @throws SecurityError when the text is no certificate of an RSA key; `where` names it */
export function readCertificate(pem: string, where: string): Certificate {
  const x509 = parse(pem, where);
  const { asymmetricKeyType, asymmetricKeyDetails } = x509.publicKey;
  if (asymmetricKeyType !== 'rsa')
    throw new SecurityError(
      `The certificate ${where} has a key of the type ${asymmetricKeyType}; Celery signs with RSA keys only.`,
    );
  return {
    id: `${issuerText(x509.issuer)} ${BigInt(`0x${x509.serialNumber}`)}`,
    x509,
    signatureBytes: Math.ceil((asymmetricKeyDetails?.modulusLength ?? 0) / 8),
    expiresMs: Date.parse(x509.validTo),
  };
}

function parse(pem: string, where: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw new SecurityError(`${where} is not a certificate in PEM form.`, { cause: error });
  }
}

/** Values of the issuer's attributes in their order. Node.js writes one a line, several of one level with a plus between. */
function issuerText(issuer: string): string {
  return issuer
    .split(/\n| \+ (?=[^\n=]+=)/)
    .map((attribute) => unescaped(attribute.slice(attribute.indexOf('=') + 1)))
    .join(' ');
}

/** Node.js puts a backslash before what has a meaning in names, and writes control characters as two digits. */
function unescaped(value: string): string {
  return value.replace(/\\([0-9A-F]{2})|\\(.)/g, (_, code: string | undefined, character: string) =>
    code === undefined ? character : String.fromCharCode(Number.parseInt(code, 16)),
  );
}
