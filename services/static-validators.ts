import type { ValidatorSource } from '../machines/ports.js';
import type { ValidatorId } from '../machines/rules/validators.js';

/** A fixed set of validators, by index or 0x pubkey. It never changes by itself. */
export function staticValidators(ids: readonly ValidatorId[]): ValidatorSource {
  return {
    run: (tell) => tell({ type: 'VALIDATORS_KNOWN', validators: ids.map((id) => ({ id })) }),
  };
}
