import { ImproperlyConfigured } from './errors.ts';

/** Parses a broker or backend URL; a bare scheme will do. @throws ImproperlyConfigured showing the text without its password */
export function parseUrl(text: string, what: string): URL {
  try {
    return new URL(text.includes('://') ? text : `${text}://`);
  } catch {
    // Without the cause: Node's error holds the text with its password.
    throw new ImproperlyConfigured(
      `${JSON.stringify(maskUrl(text))} is not a URL for a ${what}. Write special characters of user and password as %XX.`,
    );
  }
}

// Up to the last @ before the next URL: passwords hold @, : and / where somebody forgot to encode them.
const USER_INFO = /(:\/\/[^\s:/@]*):((?:(?!:\/\/)\S)*)@/g;
const SECRET_PARAMETER =
  /([?&;][^=&#\s]*(?:passw|passphrase|pwd|secret|token|api_?key|credential)[^=&#\s]*=)[^&#\s]*/gi;

/** A text that may be shown: passwords of the URLs in it are replaced by `**`. */
export function maskUrl(text: string): string {
  return text.replace(USER_INFO, '$1:**@').replace(SECRET_PARAMETER, '$1**');
}
