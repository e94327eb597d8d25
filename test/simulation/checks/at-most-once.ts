import type { Epoch, Slot } from '../../../machines/rules/chain-time.js';
import type { ValidatorIndex } from '../../../machines/rules/duties.js';
import { BySlot, keyOf, REMEMBERED_SLOTS, type Check } from './check.js';

/** Nothing twice, ever: across re-orgs, removal and re-adding, restarts. Only what signed nothing may run again. */
export const nothingTwice: Check = (_world, violate) => {
  const seen = new BySlot(() => new Set<string>());
  return {
    handedOver(handOver) {
      const key = keyOf(handOver);
      const ofSlot = seen.at(handOver.slot);
      if (ofSlot.has(key)) violate(`${key} was handed over twice`);
      ofSlot.add(key);
    },
    released: (kind, slot, validator) => seen.at(slot).delete(keyOf({ kind, slot, validator })),
    slotEnds: (slot) => seen.forgetBefore(slot - REMEMBERED_SLOTS),
  };
};

/** One attestation per validator and target epoch, and none for a lower target than before. */
export const neverAttestsBackwards: Check = (_world, violate) => {
  const attested = new Map<ValidatorIndex, { readonly epoch: Epoch; readonly slot: Slot }[]>();
  return {
    handedOver({ kind, slot, epoch, validator }) {
      if (kind !== 'attester') return;
      const before = attested.get(validator) ?? [];
      const last = before.at(-1);
      if (last !== undefined && last.epoch >= epoch) {
        violate(
          `validator ${validator} attests in slot ${slot} for epoch ${epoch} after slot ${last.slot} for ${last.epoch}`,
        );
      }
      attested.set(validator, [...before.slice(-3), { epoch, slot }]);
    },
    released(kind, slot, validator) {
      if (kind !== 'attester') return;
      const left = (attested.get(validator) ?? []).filter((attestation) => attestation.slot !== slot);
      attested.set(validator, left);
    },
  };
};
