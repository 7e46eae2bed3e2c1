/** What a person has pressed: a character, or a key by its name. */
export type Key =
  | { readonly kind: 'char'; readonly char: string }
  | { readonly kind: 'key'; readonly name: KeyName };

export type KeyName =
  | 'up'
  | 'down'
  | 'page-up'
  | 'page-down'
  | 'home'
  | 'end'
  | 'enter'
  | 'escape'
  | 'backspace'
  | 'interrupt'
  | 'suspend'
  | 'redraw';

/** What terminals send after ESC, in their various tongues. */
const SEQUENCES: Readonly<Record<string, KeyName>> = {
  '[A': 'up',
  OA: 'up',
  '[B': 'down',
  OB: 'down',
  '[5~': 'page-up',
  '[6~': 'page-down',
  '[H': 'home',
  OH: 'home',
  '[1~': 'home',
  '[F': 'end',
  OF: 'end',
  '[4~': 'end',
};

const CONTROLS: Readonly<Record<string, KeyName>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\u007F': 'backspace',
  '\b': 'backspace',
  '\u0003': 'interrupt',
  '\u001A': 'suspend',
  '\u000C': 'redraw',
};

// oxlint-disable-next-line no-control-regex -- that is how it begins
const SEQUENCE = /^\u001B([[O](?:[0-9;]*)[A-Za-z~])/;

/** The keys in what a terminal has sent at once; sequences that nobody knows are left out. */
export function keysIn(text: string): readonly Key[] {
  const keys: Key[] = [];
  for (let rest = text; rest !== '';) {
    const sequence = SEQUENCE.exec(rest);
    if (sequence) {
      const name = SEQUENCES[sequence[1] as string];
      if (name) keys.push({ kind: 'key', name });
      rest = rest.slice(sequence[0].length);
      continue;
    }
    const char = String.fromCodePoint(rest.codePointAt(0) as number);
    rest = rest.slice(char.length);
    const name = char === '\u001B' ? 'escape' : CONTROLS[char];
    if (name) keys.push({ kind: 'key', name });
    else if (char >= ' ') keys.push({ kind: 'char', char });
  }
  return keys;
}
