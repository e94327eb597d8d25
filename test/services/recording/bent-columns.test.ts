import { describe, expect, it } from 'vitest';
import { stateFromJson, type Provided } from '../../../services/recording/state-values.js';
import { ValidatorRecordPacker } from '../../../services/recording/validator-records.js';
import { fromJson } from '../../../services/recording/values.js';

// Of a damaged journal: what has a length makes Buffer and Array take that many bytes and rows.
const HUGE = { length: 2 ** 31 };

describe('a column of a journal', () => {
  it.each(['u32', 'u16', 'u8'])('%s is base64 and nothing else', (tag) => {
    expect(fromJson({ [`$${tag}`]: 'AQAAAA==' })).toHaveLength(4 / { u32: 4, u16: 2, u8: 1 }[tag]!);
    for (const content of [HUGE, [1, 2], 7, null]) {
      expect(() => fromJson({ [`$${tag}`]: content })).toThrow(new TypeError(`a column (${tag}) that is no base64`));
    }
  });
});

describe('records of validators', () => {
  const packed = () =>
    new ValidatorRecordPacker().pack([
      { index: 7, pubkey: `0x${'ab'.repeat(48)}`, status: 'active_ongoing', activationEpoch: 0, exitEpoch: Infinity },
    ]);

  it('are columns, each of its kind', () => {
    expect(new ValidatorRecordPacker().unpack(packed())).toMatchObject([{ index: 7, exitEpoch: Infinity }]);
    for (const name of Object.keys(packed())) {
      const bent = { ...packed(), [name]: HUGE };
      expect(() => new ValidatorRecordPacker().unpack(bent), name).toThrow('records of validators that are no columns');
    }
  });
});

describe('a table in the state of the machines', () => {
  const column = { $u32: '' };
  const restored = (slotCount: number, validator: object) => {
    const span = { role: 'attester', firstSlot: 0, slotCount };
    const parts = {
      span,
      dependentRoot: null,
      endpointVersion: 1,
      asked: column,
      columns: { validator, slot: column, fields: {} },
    };
    // Nothing in it names what a world provides.
    return stateFromJson({ table: { $once: { id: 1, table: parts } } }, {} as Provided) as { readonly table: object };
  };

  it('has columns, and an epoch of slots', () => {
    expect(restored(8, column).table).toMatchObject({ size: 0 });
    for (const bent of [() => restored(2 ** 31, column), () => restored(8, HUGE)]) {
      expect(bent).toThrow('a table of duties without columns, or with too many slots');
    }
  });
});
