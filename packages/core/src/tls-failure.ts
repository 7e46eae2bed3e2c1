import { ImproperlyConfigured, toError } from './errors.ts';

/** What Node and OpenSSL say, and what to do about it. */
const ADVICE: readonly (readonly [said: RegExp, advice: string])[] = [
  [
    /SELF_SIGNED_CERT|self.signed certificate|UNABLE_TO_(?:GET_ISSUER|VERIFY_LEAF)|unable to (?:get (?:local )?issuer|verify the first)/,
    'No authority that this machine knows vouches for its certificate. Name yours: ca_certs (in a URL ssl_ca_certs) is the file with it',
  ],
  [/CERT_HAS_EXPIRED|certificate has expired/, 'Its certificate has expired: renew it there'],
  [/CERT_NOT_YET_VALID|certificate is not yet valid/, 'Its certificate is not valid yet: compare the clocks'],
  [
    /ERR_TLS_CERT_ALTNAME_INVALID|does not match certificate's altnames/,
    'Its certificate is for another name: use that name in the URL, or give it as servername',
  ],
  [
    /CERTIFICATE_REQUIRED|certificate required|HANDSHAKE_FAILURE|handshake failure/i,
    'It wants a certificate of ours: name certfile and keyfile (in a URL ssl_certfile and ssl_keyfile)',
  ],
  [
    /ALERT_(?:UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_\w+)|alert (?:unknown ca|bad certificate|certificate \w+)/i,
    'It refuses our certificate (certfile): let it be signed by an authority that the server trusts',
  ],
  [
    /ERR_SSL_(?:WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG)|wrong version number|packet length too long/,
    'It speaks no TLS on this port: take the other port, or the scheme without TLS',
  ],
];

/** Why TLS with a server has failed for good, with what to do about it; undefined if that isn't what has failed. */
export function tlsFailure(error: unknown, where: string): ImproperlyConfigured | undefined {
  const { code, message } = toError(error) as Error & { readonly code?: unknown };
  const said = `${String(code)} ${message}`;
  const advice = ADVICE.find(([pattern]) => pattern.test(said))?.[1];
  if (advice === undefined) return undefined;
  return new ImproperlyConfigured(`${where} can't be trusted, or doesn't trust us. ${advice}. (${message})`, {
    cause: error,
  });
}

/** For a server that hangs up as soon as TLS is agreed on: its reason is often lost on the way. */
export function hungUpAdvice(error: unknown): string {
  const { code } = toError(error) as Error & { readonly code?: unknown };
  return code === 'ECONNRESET' || code === 'EPIPE'
    ? ' Does it want a certificate of ours? Then name certfile and keyfile (in a URL ssl_certfile and ssl_keyfile).'
    : '';
}
