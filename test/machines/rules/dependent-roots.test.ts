import { describe, expect, it } from 'vitest';
import type { Role } from '../../../machines/rules/duties.js';
import { lookaheadOf, requiredRoot, rootChanges } from '../../../machines/rules/dependent-roots.js';
import { ZERO_ROOT } from '../../../machines/rules/chain-time.js';
import { heard, root, testChain } from '../../support/chain.js';

const PREVIOUS = root(0xa);
const CURRENT = root(0xb);
const BLOCK = root(0xc);
/** A head in the third slot of epoch H = 5. */
const H = 5;
const head = heard(42, 0xa, 0xb, 0xc);

/** What the tables of epochs H−1 … H+3 must carry. */
function requirements(role: Role, version: 1 | 2, fulu: number, roots = head): (string | undefined)[] {
  const chain = testChain({ forkEpochs: { fulu } });
  return [-1, 0, 1, 2, 3].map((offset) => requiredRoot(chain, role, version, H + offset, roots));
}

describe('the root that a table must carry (SPEC §5)', () => {
  it('attester: H the previous root, H+1 the current one, H+2 the block', () => {
    for (const fulu of [0, Infinity]) {
      expect(requirements('attester', 1, fulu)).toEqual([undefined, PREVIOUS, CURRENT, BLOCK, undefined]);
    }
  });

  it('proposer by v2 in Fulu: H the previous root, H+1 the current one, H+2 the block', () => {
    expect(requirements('proposer', 2, H)).toEqual([undefined, PREVIOUS, CURRENT, BLOCK, undefined]);
  });

  it('proposer by v1: H the current root, H+1 the block, in any fork', () => {
    for (const fulu of [0, H + 1, Infinity]) {
      expect(requirements('proposer', 1, fulu)).toEqual([undefined, CURRENT, BLOCK, undefined, undefined]);
    }
  });

  it('proposer by v2 before Fulu: as by v1', () => {
    expect(requirements('proposer', 2, Infinity)).toEqual([undefined, CURRENT, BLOCK, undefined, undefined]);
  });

  it('the fork is that of the target epoch, not of the head', () => {
    expect(requirements('proposer', 2, H + 1)).toEqual([undefined, CURRENT, CURRENT, BLOCK, undefined]);
    expect(requirements('proposer', 2, H + 2)).toEqual([undefined, CURRENT, BLOCK, BLOCK, undefined]);
  });

  it('sync committee: the API names none', () => {
    expect(requirements('sync-committee', 1, 0)).toEqual(Array(5).fill(undefined));
    expect(lookaheadOf(testChain(), 'sync-committee', 1, 3)).toBeNull();
  });

  it('H is the epoch of the event’s slot: one slot earlier, the same roots speak of other tables', () => {
    const lastOfEpoch = heard(39, 0xa, 0xb, 0xc);
    expect(requirements('attester', 1, 0, lastOfEpoch)).toEqual([PREVIOUS, CURRENT, BLOCK, undefined, undefined]);
    const firstOfEpoch = heard(40, 0xa, 0xb, 0xc);
    expect(requirements('attester', 1, 0, firstOfEpoch)).toEqual([undefined, PREVIOUS, CURRENT, BLOCK, undefined]);
  });

  it('the zero root means unknown', () => {
    expect(ZERO_ROOT).toBe(root(0));
    expect(requirements('attester', 1, 0, heard(42, 0, 0xb, 0xc))).toEqual([
      undefined,
      undefined,
      CURRENT,
      BLOCK,
      undefined,
    ]);
    expect(requirements('attester', 1, 0, heard(42, 0xa, 0, 0))).toEqual([
      undefined,
      PREVIOUS,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('a probe knows no block', () => {
    expect(requirements('attester', 1, 0, heard(42, 0xa, 0xb))).toEqual([
      undefined,
      PREVIOUS,
      CURRENT,
      undefined,
      undefined,
    ]);
    expect(requirements('proposer', 1, 0, heard(42, 0xa, 0xb))).toEqual([
      undefined,
      CURRENT,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('a head beside the last head of its node (SPEC §5)', () => {
  const chain = testChain();
  /** `previous` and `current` where they changed. */
  function changed(last: [number, number, number], next: [number, number, number]): string[] {
    const changes = rootChanges(chain, heard(...last), heard(...next));
    return [
      ...(changes.previousDependentRootChanged ? ['previous'] : []),
      ...(changes.currentDependentRootChanged ? ['current'] : []),
    ];
  }

  it('of the same epoch must name the same roots, also where it is older', () => {
    expect(changed([41, 1, 2], [42, 1, 2])).toEqual([]);
    expect(changed([42, 1, 2], [41, 1, 2])).toEqual([]);
    expect(changed([41, 1, 2], [42, 1, 3])).toEqual(['current']);
    expect(changed([42, 1, 2], [41, 9, 2])).toEqual(['previous']);
    expect(changed([41, 1, 2], [42, 2, 1])).toEqual(['previous', 'current']);
  });

  it('of the next epoch must name the old current root as its previous one', () => {
    expect(changed([39, 1, 2], [40, 2, 3])).toEqual([]);
    expect(changed([39, 1, 2], [40, 1, 3])).toEqual(['previous']);
    expect(changed([39, 1, 2], [47, 9, 2])).toEqual(['previous']);
  });

  it('of the epoch before must name the old previous root as its current one', () => {
    expect(changed([40, 2, 3], [39, 1, 2])).toEqual([]);
    expect(changed([40, 2, 3], [39, 1, 9])).toEqual(['current']);
    expect(changed([40, 2, 3], [32, 2, 3])).toEqual(['current']);
  });

  it('further away says nothing', () => {
    expect(changed([24, 1, 2], [40, 8, 9])).toEqual([]);
    expect(changed([40, 1, 2], [24, 8, 9])).toEqual([]);
  });

  it('with a zero root says nothing of that root', () => {
    expect(changed([41, 0, 2], [42, 1, 2])).toEqual([]);
    expect(changed([41, 1, 2], [42, 0, 3])).toEqual(['current']);
    expect(changed([39, 1, 0], [40, 2, 3])).toEqual([]);
    expect(changed([40, 0, 3], [39, 1, 2])).toEqual([]);
  });
});
