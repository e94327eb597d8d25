import { Registry, type ValidatorRegistration } from '../../machines/rules/registry.js';
import type { ValidatorRecord } from '../../machines/rules/validators.js';

/** The pubkey of a validator in tests. */
export function pubkeyOf(index: number): string {
  return `0x${index.toString(16).padStart(96, '0')}`;
}

/** What a node says of a validator: active since genesis, unless told otherwise. */
export function recordOf(index: number, overrides: Partial<ValidatorRecord> = {}): ValidatorRecord {
  return {
    index,
    pubkey: pubkeyOf(index),
    status: 'active_ongoing',
    activationEpoch: 0,
    exitEpoch: Infinity,
    ...overrides,
  };
}

/** A registry of validators that a node knows. */
export function registryOf(
  indices: readonly number[],
  options: { registration?: Partial<ValidatorRegistration>; record?: Partial<ValidatorRecord> } = {},
): Registry {
  return Registry.EMPTY.add(indices.map((index) => ({ id: String(index), ...options.registration }))).learn(
    indices.map((index) => recordOf(index, options.record)),
  );
}
