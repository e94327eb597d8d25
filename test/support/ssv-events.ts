/** Bytes of `shares` by the number of operators: a signature, and a public key and an encrypted share for each. */
export const VALID_SHARES: Readonly<Record<number, number>> = Object.fromEntries(
  [4, 7, 10, 13].map((operators) => [operators, 96 + operators * (48 + 256)]),
);

/** A public key of 48 bytes that a number tells apart. */
export function publicKeyOf(number: number): string {
  return `0x${number.toString(16).padStart(96, '0')}`;
}
