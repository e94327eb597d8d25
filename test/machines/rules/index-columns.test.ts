import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ascending,
  difference,
  identity,
  isAscending,
  join,
  orderBy,
  take,
  union,
} from '../../../machines/rules/index-columns.js';

/** Few different keys, so that equal ones are common, or any at all. */
const anyKeys = (sizes: { minLength: number; maxLength: number }) =>
  fc.oneof(fc.uint32Array({ ...sizes, max: 7 }), fc.uint32Array(sizes));
const anySet = fc.uint32Array({ maxLength: 40, max: 60 }).map(ascending);

/** Rows by key, equal keys in row order: what a stable sort gives. */
function sortedRows(keys: Uint32Array): number[] {
  return [...keys.keys()].sort((a, b) => keys[a]! - keys[b]!);
}

describe('orderBy', () => {
  it('is a stable sort of the rows by their keys', () => {
    fc.assert(
      fc.property(anyKeys({ minLength: 0, maxLength: 50 }), (keys) => {
        expect([...orderBy(keys)]).toEqual(sortedRows(keys));
      }),
    );
  });

  it('is the same for many rows, where another method takes over', () => {
    fc.assert(
      fc.property(anyKeys({ minLength: 2040, maxLength: 2060 }), (keys) => {
        expect([...orderBy(keys)]).toEqual(sortedRows(keys));
      }),
      { numRuns: 30 },
    );
  });

  it('leaves the keys alone', () => {
    const keys = Uint32Array.of(3, 1, 2);
    orderBy(keys);
    expect([...keys]).toEqual([3, 1, 2]);
  });
});

describe('columns', () => {
  it('identity counts rows', () => {
    expect([[...identity(0)], [...identity(4)]]).toEqual([[], [0, 1, 2, 3]]);
  });

  it('isAscending allows equal keys and no falling one', () => {
    expect([[], [5], [1, 1, 2], [2, 1], [1, 3, 2]].map((keys) => isAscending(Uint32Array.from(keys)))).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });

  it('take and join keep the type of their columns', () => {
    const short = Uint16Array.of(7, 8, 9);
    expect(take(short, Uint32Array.of(2, 0, 2))).toEqual(Uint16Array.of(9, 7, 9));
    expect(take(Uint32Array.of(70_000), Uint32Array.of(0))).toEqual(Uint32Array.of(70_000));
    expect(join(short, Uint16Array.of(1))).toEqual(Uint16Array.of(7, 8, 9, 1));
    expect(join(Uint32Array.of(70_000), Uint32Array.of(1))).toEqual(Uint32Array.of(70_000, 1));
  });
});

describe('sets of indices', () => {
  it('ascending orders by number and keeps each index once', () => {
    expect([...ascending([10, 9, 100, 9, 4_294_967_295, 0])]).toEqual([0, 9, 10, 100, 4_294_967_295]);
  });

  it('union and difference are those of sets', () => {
    fc.assert(
      fc.property(anySet, anySet, (a, b) => {
        expect([...union(a, b)]).toEqual([...ascending([...a, ...b])]);
        // No room kept alive for members that both have.
        expect(union(a, b).buffer.byteLength).toBe(4 * union(a, b).length);
        expect([...difference(a, b)]).toEqual([...a].filter((member) => !b.includes(member)));
      }),
    );
  });

  it('a set without itself is empty; without nothing it is whole', () => {
    fc.assert(
      fc.property(anySet, (set) => {
        expect(difference(set, set).length).toBe(0);
        expect([...difference(set, new Uint32Array(0))]).toEqual([...set]);
      }),
    );
  });
});
