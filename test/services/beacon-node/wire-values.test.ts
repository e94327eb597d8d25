import { describe, expect, it } from 'vitest';
import {
  NOT_AN_INTEGER,
  readEpoch,
  readInteger,
  readObject,
  readPubkey,
  readRoot,
} from '../../../services/beacon-node/wire-values.js';

describe('readInteger', () => {
  it.each([
    ['0', 0],
    ['255', 255],
    [7, 7],
    ['007', 7],
  ])('reads %j', (value, expected) => {
    expect(readInteger(value, 255)).toBe(expected);
  });

  it.each(['256', 256, '', ' 1', '1.0', '-1', -1, 1.5, '0x1', '1e2', null, undefined, true, [], {}, NaN, Infinity])(
    'refuses %j',
    (value) => {
      expect(readInteger(value, 255)).toBe(NOT_AN_INTEGER);
    },
  );

  it('knows no negative zero', () => {
    expect(Object.is(readInteger(-0, 1), 0)).toBe(true);
  });
});

describe('readEpoch', () => {
  it('takes far future, quoted or not, as never', () => {
    expect(readEpoch('18446744073709551615')).toBe(Infinity);
    expect(readEpoch(18446744073709551615)).toBe(Infinity);
    expect(readEpoch('9007199254740991')).toBe(Number.MAX_SAFE_INTEGER);
    expect(readEpoch('never')).toBe(NOT_AN_INTEGER);
  });
});

describe('hex', () => {
  it('lower-cases roots and pubkeys of the right length', () => {
    expect(readRoot(`0x${'AB'.repeat(32)}`)).toBe(`0x${'ab'.repeat(32)}`);
    expect(readPubkey(`0x${'AB'.repeat(48)}`)).toBe(`0x${'ab'.repeat(48)}`);
  });

  it.each([`0x${'ab'.repeat(31)}`, 'ab'.repeat(32), `0x${'zz'.repeat(32)}`, `0x${'ab'.repeat(32)}\n`, 5, null])(
    'refuses %j',
    (value) => {
      expect(readRoot(value)).toBeUndefined();
      expect(readPubkey(value)).toBeUndefined();
    },
  );
});

describe('readObject', () => {
  it('takes objects only', () => {
    expect(readObject({ a: 1 })).toEqual({ a: 1 });
    for (const value of [null, [], 'a', 1, undefined]) expect(readObject(value)).toBeUndefined();
  });
});
