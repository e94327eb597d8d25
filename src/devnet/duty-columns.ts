/** Duties of the devnet in the form in which the scheduler keeps them. */
import type { Slot } from '../../machines/rules/chain-time.js';
import type { DutyColumns, ValidatorIndex } from '../../machines/rules/duties.js';
import type { Committees } from './shuffling.js';

/** Attester duties of the asked validators; those without one are left out. */
export function attesterColumns(committees: Committees, indices: Uint32Array): DutyColumns {
  const validator = new Uint32Array(indices.length);
  const slot = new Uint32Array(indices.length);
  const committeeIndex = new Uint16Array(indices.length);
  const committeeLength = new Uint16Array(indices.length);
  const validatorCommitteeIndex = new Uint16Array(indices.length);
  let rows = 0;
  for (const index of indices) {
    const place = committees.placeOf(index);
    if (place === undefined) continue;
    validator[rows] = index;
    slot[rows] = place.slot;
    committeeIndex[rows] = place.committeeIndex;
    committeeLength[rows] = place.committeeLength;
    validatorCommitteeIndex[rows] = place.validatorCommitteeIndex;
    rows += 1;
  }
  return {
    validator: validator.slice(0, rows),
    slot: slot.slice(0, rows),
    fields: {
      committeeIndex: committeeIndex.slice(0, rows),
      committeeLength: committeeLength.slice(0, rows),
      committeesAtSlot: new Uint16Array(rows).fill(committees.committeesAtSlot),
      validatorCommitteeIndex: validatorCommitteeIndex.slice(0, rows),
    },
  };
}

/** One proposal for each slot of an epoch. */
export function proposerColumns(proposers: Uint32Array, firstSlot: Slot): DutyColumns {
  return { validator: proposers.slice(), slot: proposers.map((_, i) => firstSlot + i), fields: {} };
}

/** Sync committee positions by validator. */
export function syncColumns(duties: ReadonlyMap<ValidatorIndex, readonly number[]>): DutyColumns {
  const offsets = new Uint32Array(duties.size + 1);
  const values: number[] = [];
  let row = 0;
  for (const positions of duties.values()) {
    values.push(...positions);
    row += 1;
    offsets[row] = values.length;
  }
  return {
    validator: Uint32Array.from(duties.keys()),
    fields: {},
    positions: { offsets, values: Uint16Array.from(values) },
  };
}
