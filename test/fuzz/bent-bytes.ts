/** Bytes with something wrong in them, whatever they mean. */
import type { SeededRandom } from './seeded-random.js';

/** Bytes that end something somewhere: lines, texts, words; and no UTF-8 at all. */
const ODD_BYTES = [
  0x00, 0x0a, 0x0d, 0x09, 0x20, 0x22, 0x5c, 0x7b, 0x7d, 0x5b, 0x5d, 0x2c, 0x3a, 0x7f, 0x80, 0xc0, 0xff,
];
const ODD_TEXTS = [
  '\r\n',
  '\n\n',
  '\ufeff',
  '__proto__',
  '0x',
  '%00',
  '../',
  ' \t',
  '"',
  '\u2028',
  '\ud800',
  '-',
  '9999999999',
];
const LONGEST_NOISE = 300;

/** The bytes with one thing changed: a bit, a byte, a piece cut out, doubled, moved, or the end missing. */
export function bentBytes(bytes: Buffer, random: SeededRandom): Buffer {
  if (bytes.length === 0) return Buffer.from(random.pick(ODD_TEXTS));
  const at = random.below(bytes.length);
  switch (random.below(8)) {
    case 0: {
      const bent = Buffer.from(bytes);
      bent[at]! ^= 1 << random.below(8);
      return bent;
    }
    case 1: {
      const bent = Buffer.from(bytes);
      bent[at] = random.once(2) ? random.pick(ODD_BYTES) : random.below(256);
      return bent;
    }
    case 2:
      return bytes.subarray(0, at);
    case 3:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.size(bytes.length - at))]);
    case 4: {
      const piece = bytes.subarray(at, at + 1 + random.size(Math.min(200, bytes.length - at)));
      return Buffer.concat([bytes.subarray(0, at), piece, piece, bytes.subarray(at + piece.length)]);
    }
    case 5:
      return Buffer.concat([bytes.subarray(0, at), Buffer.from(random.pick(ODD_TEXTS)), bytes.subarray(at)]);
    case 6: {
      const to = random.below(bytes.length);
      const piece = bytes.subarray(at, at + 1 + random.size(50));
      return Buffer.concat([bytes.subarray(0, to), piece, bytes.subarray(to)]);
    }
    default:
      return Buffer.concat([bytes.subarray(0, at), noise(random), bytes.subarray(at)]);
  }
}

/** Bytes that mean nothing. */
export function noise(random: SeededRandom): Buffer {
  const bytes = Buffer.allocUnsafe(random.size(LONGEST_NOISE));
  // Half of it printable: more of that reaches further.
  const printable = random.once(2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = printable ? 32 + random.below(95) : random.below(256);
  return bytes;
}
