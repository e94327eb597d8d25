import { ConfigurationError } from '../services/chain-loader.js';
import type { ValidatorId } from '../machines/rules/validators.js';

/** Highest validator index that a table can hold. */
const HIGHEST_INDEX = 2 ** 32 - 1;

/** Reads a validator's name: its index in decimal, or its pubkey (48 bytes as 0x hex). Throws a `ConfigurationError`. */
export function parseValidatorId(text: string): ValidatorId {
  const name = text.trim();
  if (/^\d+$/.test(name)) {
    const index = Number(name);
    if (index <= HIGHEST_INDEX) return String(index);
  } else if (/^0x[0-9a-f]{96}$/i.test(name)) return name.toLowerCase();
  throw new ConfigurationError(`"${shorten(name)}" is neither a validator index nor a 0x pubkey of 48 bytes`);
}

function shorten(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 37)}…`;
}
