import { describe, expect, it } from 'vitest';
import { statusAt } from '../../src/devnet/index.js';
import { ValidatorSet } from '../../src/devnet/validator-set.js';

describe('validators of the devnet', () => {
  it('go through the statuses of the Beacon API', () => {
    const set = new ValidatorSet(1, 0);
    const { index } = set.add({ activationEligibilityEpoch: Infinity, activationEpoch: Infinity });
    expect(statusAt(set.at(index), 0)).toBe('pending_initialized');
    set.activate(index, 5, 2);
    expect(statusAt(set.at(index), 4)).toBe('pending_queued');
    expect(statusAt(set.at(index), 5)).toBe('active_ongoing');
    set.exit(index, 8);
    expect(statusAt(set.at(index), 7)).toBe('active_exiting');
    expect(statusAt(set.at(index), 8)).toBe('exited_unslashed');
    expect(statusAt(set.at(index), 12)).toBe('withdrawal_possible');
    set.slash(index, 6);
    expect(statusAt(set.at(index), 7)).toBe('active_slashed');
    expect(statusAt(set.at(index), 8)).toBe('exited_slashed');
  });

  it('have different, well-formed pubkeys by which they are found', () => {
    const set = new ValidatorSet(1, 200);
    const pubkeys = [...set].map(({ pubkey }) => pubkey);
    expect(new Set(pubkeys).size).toBe(200);
    for (const pubkey of pubkeys) expect(pubkey).toMatch(/^0x[89ab][0-9a-f]{95}$/);
    expect(set.byPubkey((pubkeys[17] ?? '').toUpperCase().replace('0X', '0x'))?.index).toBe(17);
    expect(set.byPubkey('0x00')).toBeUndefined();
  });

  it('are active from their activation until before their exit', () => {
    const set = new ValidatorSet(1, 2);
    set.add({ activationEligibilityEpoch: 1, activationEpoch: 3 });
    set.exit(0, 3);
    expect([...set.activeIn(2)]).toEqual([0, 1]);
    expect([...set.activeIn(3)]).toEqual([1, 2]);
  });
});
