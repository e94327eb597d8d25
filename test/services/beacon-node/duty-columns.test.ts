import { describe, expect, it } from 'vitest';
import { joinColumns } from '../../../services/beacon-node/duty-columns.js';

describe('joinColumns', () => {
  it('puts the rows of all parts one after the other', () => {
    const part = (validators: number[], slots: number[], committees: number[]) => ({
      validator: Uint32Array.from(validators),
      slot: Uint32Array.from(slots),
      fields: { committeeIndex: Uint16Array.from(committees) },
    });
    expect(joinColumns([part([1, 2], [8, 9], [0, 1]), part([], [], []), part([3], [10], [2])])).toEqual(
      part([1, 2, 3], [8, 9, 10], [0, 1, 2]),
    );
  });

  it('shifts the positions of later parts', () => {
    const part = (validators: number[], offsets: number[], values: number[]) => ({
      validator: Uint32Array.from(validators),
      fields: {},
      positions: { offsets: Uint32Array.from(offsets), values: Uint16Array.from(values) },
    });
    expect(joinColumns([part([1, 2], [0, 2, 3], [5, 6, 7]), part([3], [0, 2], [8, 9])])).toEqual(
      part([1, 2, 3], [0, 2, 3, 5], [5, 6, 7, 8, 9]),
    );
  });

  it('of nothing is nothing', () => {
    expect(joinColumns([])).toEqual({ validator: new Uint32Array(0), fields: {} });
  });
});
