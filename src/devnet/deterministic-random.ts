/** Randomness of the devnet: everything derives from SHA-256 of named parts, so that a seed is a whole chain. */
import { hash } from 'node:crypto';
import type { Root } from '../../machines/rules/chain-time.js';

type Part = string | number;

function join(parts: readonly Part[]): string {
  return parts.join('/');
}

/** 32 bytes as lower-case 0x hex, determined by the parts. */
export function rootOf(...parts: readonly Part[]): Root {
  return `0x${hash('sha256', join(parts))}`;
}

/** As many bytes as asked for (at most 96) as lower-case 0x hex; the top bits are those of a compressed BLS point. */
export function blsBytesOf(byteLength: 48 | 96, ...parts: readonly Part[]): string {
  const halves = [0, 1].map((half) => hash('sha384', join([...parts, half]), 'buffer'));
  const bytes = Buffer.concat(halves).subarray(0, byteLength);
  bytes[0] = ((bytes[0] ?? 0) & 0x1f) | 0x80;
  return `0x${bytes.toString('hex')}`;
}

const TWO_POW_32 = 2 ** 32;
const WORDS_PER_BLOCK = 8;

/** An endless stream of numbers determined by its name: SHA-256 in counter mode. */
export class RandomStream {
  readonly #name: string;
  #counter = 0;
  #block: Buffer = Buffer.alloc(0);
  #word = WORDS_PER_BLOCK;

  constructor(...name: readonly Part[]) {
    this.#name = join(name);
  }

  #nextUint32(): number {
    if (this.#word === WORDS_PER_BLOCK) {
      this.#block = hash('sha256', `${this.#name}#${this.#counter}`, 'buffer');
      this.#counter += 1;
      this.#word = 0;
    }
    const value = this.#block.readUInt32BE(this.#word * 4);
    this.#word += 1;
    return value;
  }

  /** Uniform in [0, 1). */
  fraction(): number {
    return this.#nextUint32() / TWO_POW_32;
  }

  /** Uniform integer in [0, bound). */
  below(bound: number): number {
    return Math.floor(this.fraction() * bound);
  }
}
