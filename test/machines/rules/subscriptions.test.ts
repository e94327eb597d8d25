import { describe, expect, it } from 'vitest';
import {
  beaconCommitteeSubscriptions,
  mergeSubscriptions,
  syncCommitteeSubscriptions,
  type EntryList,
} from '../../../machines/rules/subscriptions.js';
import { SHORT, testChain } from '../../support/chain.js';
import { tableOf } from '../../support/tables.js';

function allOf<E>(entries: EntryList<E>): readonly E[] {
  return entries.slice(0, entries.length);
}

describe('beacon committee subscriptions (SPEC §7)', () => {
  const table = tableOf('attester', [
    { validator: 8, slot: 20, committee: 3 },
    { validator: 4, slot: 16, committee: 1 },
    { validator: 6, slot: 23, committee: 2 },
  ]);

  it('are one entry per validator; every one may be an aggregator', () => {
    expect(allOf(beaconCommitteeSubscriptions([table], 16))).toEqual([
      { validatorIndex: 4, committeeIndex: 1, committeesAtSlot: 201, slot: 16, isAggregator: true },
      { validatorIndex: 8, committeeIndex: 3, committeesAtSlot: 203, slot: 20, isAggregator: true },
      { validatorIndex: 6, committeeIndex: 2, committeesAtSlot: 202, slot: 23, isAggregator: true },
    ]);
  });

  it('are not for slots of the past', () => {
    const slots = (slot: number) => allOf(beaconCommitteeSubscriptions([table], slot)).map((entry) => entry.slot);
    expect([-5, 0, 16, 17, 20, 21, 23, 24, 400].map(slots)).toEqual([
      [16, 20, 23],
      [16, 20, 23],
      [16, 20, 23],
      [20, 23],
      [20, 23],
      [23],
      [23],
      [],
      [],
    ]);
  });

  it('are for some validators, where asked', () => {
    const entries = allOf(beaconCommitteeSubscriptions([table], 17, Uint32Array.of(4, 6, 99)));
    expect(entries.map((entry) => entry.validatorIndex)).toEqual([6]);
  });

  it('of several tables are taken out piece by piece', () => {
    const next = tableOf('attester', [{ validator: 6, slot: 24, committee: 1 }], {
      target: 3,
      firstSlot: 24,
      slotCount: 8,
    });
    const list = beaconCommitteeSubscriptions([table, next], 17);
    const slots = (start: number, end: number) => list.slice(start, end).map((entry) => entry.slot);
    expect([list.length, slots(0, 1), slots(1, 3), slots(2, 9), slots(3, 4)]).toEqual([3, [20], [23, 24], [24], []]);
  });
});

describe('sync committee subscriptions (SPEC §7)', () => {
  const chain = testChain(SHORT);
  const rows = [
    { validator: 8, positions: [5, 400] },
    { validator: 4, positions: [0] },
  ];
  const table = tableOf('sync-committee', rows, { target: 1, firstSlot: 31, slotCount: 32 });

  it('end with the period of the table, not with the current one', () => {
    const expected = [
      { validatorIndex: 4, syncCommitteeIndices: [0], untilEpoch: 8 },
      { validatorIndex: 8, syncCommitteeIndices: [5, 400], untilEpoch: 8 },
    ];
    expect(syncCommitteeSubscriptions(chain, table, 20)).toEqual(expected);
    expect(syncCommitteeSubscriptions(chain, table, 40)).toEqual(expected);
    expect(syncCommitteeSubscriptions(chain, table, 62)).toEqual(expected);
  });

  it('are none once the period is served', () => {
    expect(syncCommitteeSubscriptions(chain, table, 63)).toEqual([]);
  });

  it('are for some validators, where asked', () => {
    expect(
      syncCommitteeSubscriptions(chain, table, 40, Uint32Array.of(8, 99)).map((entry) => entry.validatorIndex),
    ).toEqual([8]);
  });
});

describe('two lots of subscriptions as one', () => {
  const beacon = (validatorIndex: number, slot: number, committeeIndex: number) => ({
    validatorIndex,
    slot,
    committeeIndex,
    committeesAtSlot: 4,
    isAggregator: true,
  });
  const sync = (validatorIndex: number, untilEpoch: number, position: number) => ({
    validatorIndex,
    untilEpoch,
    syncCommitteeIndices: [position],
  });

  it('have one entry for a validator and slot, the newer one', () => {
    const older = {
      kind: 'beacon-committee',
      entries: [beacon(1, 16, 0), beacon(2, 16, 0), beacon(1, 24, 0)],
    } as const;
    const newer = { kind: 'beacon-committee', entries: [beacon(2, 16, 3), beacon(3, 17, 3)] } as const;
    expect(mergeSubscriptions(older, newer)).toEqual({
      kind: 'beacon-committee',
      entries: [beacon(1, 16, 0), beacon(2, 16, 3), beacon(1, 24, 0), beacon(3, 17, 3)],
    });
  });

  it('have one entry for a validator and period, the newer one', () => {
    const older = { kind: 'sync-committee', entries: [sync(1, 8, 0), sync(1, 12, 0), sync(2, 8, 0)] } as const;
    const newer = { kind: 'sync-committee', entries: [sync(1, 8, 7)] } as const;
    expect(mergeSubscriptions(older, newer)).toEqual({
      kind: 'sync-committee',
      entries: [sync(1, 8, 7), sync(1, 12, 0), sync(2, 8, 0)],
    });
  });

  it('are of one kind', () => {
    const none = { kind: 'sync-committee', entries: [] } as const;
    expect(() => mergeSubscriptions(none, { kind: 'beacon-committee', entries: [] })).toThrow(
      'cannot merge sync-committee',
    );
  });
});
