/** Fast numbers that a seed and an input's number determine (xorshift, Marsaglia 2003): any input can be made again alone. */
export class SeededRandom {
  #state: number;

  constructor(seed: number, input: number) {
    this.#state = mixed(mixed(seed + 0x9e3779b9) ^ mixed(input + 0x85ebca6b)) | 1;
  }

  /** Uniform in [0, 2^32). */
  word(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return x >>> 0;
  }

  /** Uniform integer in [0, bound). */
  below(bound: number): number {
    return this.word() % bound;
  }

  /** True once in so many times. */
  once(inTimes: number): boolean {
    return this.below(inTimes) === 0;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }

  /** Mostly small, now and then up to `most`. */
  size(most: number): number {
    return this.below(1 + (most >> this.below(1 + Math.floor(Math.log2(most + 1)))));
  }
}

/** Spreads the bits of a number over a word (the finisher of MurmurHash3). */
function mixed(value: number): number {
  let x = value | 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}
