/**
 * The scalars of the Beacon API. Integers are decimal strings; plain JSON numbers are taken too, since some nodes send
 * them. Hex is lower-cased, so that equal roots are equal strings.
 */
import type { Epoch, Root } from '../../machines/rules/chain-time.js';

/** Marks a value that is no unsigned integer of the size asked for. */
export const NOT_AN_INTEGER = -1;

/** An unsigned integer up to `max` (at most 2^53 − 1), else {@link NOT_AN_INTEGER}. */
export function readInteger(value: unknown, max: number): number {
  const number = readDecimal(value);
  return number <= max ? number : NOT_AN_INTEGER;
}

/** An epoch, else {@link NOT_AN_INTEGER}. Beyond 2^53 (FAR_FUTURE_EPOCH is 2^64 − 1) it is `Infinity`. */
export function readEpoch(value: unknown): Epoch {
  const number = readDecimal(value);
  return number > Number.MAX_SAFE_INTEGER ? Infinity : number;
}

/** 32 bytes of 0x hex, else undefined. */
export function readRoot(value: unknown): Root | undefined {
  return readHex(value, /^0x[0-9a-f]{64}$/i);
}

/** 48 bytes of 0x hex, else undefined. */
export function readPubkey(value: unknown): string | undefined {
  return readHex(value, /^0x[0-9a-f]{96}$/i);
}

/** A JSON object (no array), else undefined. */
export function readObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return value as Readonly<Record<string, unknown>>;
}

// By character codes, since this runs seven times for each of 100 000 duties.
function readDecimal(value: unknown): number {
  if (typeof value === 'number') return Number.isInteger(value) && value >= 0 ? value + 0 : NOT_AN_INTEGER;
  if (typeof value !== 'string' || value.length === 0) return NOT_AN_INTEGER;
  let number = 0;
  for (let i = 0; i < value.length; i++) {
    const digit = value.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return NOT_AN_INTEGER;
    number = number * 10 + digit;
  }
  return number;
}

function readHex(value: unknown, pattern: RegExp): string | undefined {
  return typeof value === 'string' && pattern.test(value) ? value.toLowerCase() : undefined;
}
