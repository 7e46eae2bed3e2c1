/** The same numbers in every run: a multiplicative congruential generator (Lehmer's, with 48271). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** 0 or more, less than 1. */
  next(): number {
    this.#state = (this.#state * 48_271) % 2_147_483_647;
    return this.#state / 2_147_483_647;
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }

  text(maxLength: number): string {
    const alphabet = [
      'a',
      'Z',
      '0',
      ' ',
      '"',
      "'",
      '\\',
      '\n',
      '\u0000',
      'é',
      '✓',
      '😀',
      '{',
      ']',
      '__type__',
    ];
    return Array.from({ length: this.below(maxLength + 1) }, () => this.pick(alphabet)).join('');
  }
}
