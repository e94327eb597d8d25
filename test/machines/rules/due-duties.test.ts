import { describe, expect, it } from 'vitest';
import { ClaimLedger } from '../../../machines/rules/at-most-once.js';
import { dueDuties, type DueView } from '../../../machines/rules/due-duties.js';
import type { DutyKind } from '../../../machines/rules/duties.js';
import type { DutyTable } from '../../../machines/rules/duty-table.js';
import { defaultPolicy } from '../../../machines/rules/policy.js';
import { SHORT, testChain } from '../../support/chain.js';
import { tableOf } from '../../support/tables.js';
import { pubkeyOf, recordOf, registryOf } from '../../support/validators.js';

const chain = testChain(SHORT);
const attesters = tableOf('attester', [
  { validator: 9, slot: 18, committee: 1 },
  { validator: 2, slot: 18, committee: 0 },
  { validator: 5, slot: 18, committee: 1 },
  { validator: 3, slot: 17, committee: 0 },
]);

function viewOf(options: Partial<Omit<DueView, 'policy'>> & { policy?: Partial<DueView['policy']> } = {}): DueView {
  const { policy, ...others } = options;
  return {
    chain,
    slot: 18,
    recordFromSlot: 18,
    registry: registryOf([2, 3, 5, 9]),
    claims: new ClaimLedger(),
    ...others,
    policy: { ...defaultPolicy(chain), ...policy },
  };
}

/** Validators that run, and those that do not by reason. */
function sorted(view: DueView, table: DutyTable, kind: DutyKind, slot: number, only?: ReadonlySet<number>) {
  const { run, skip } = dueDuties(view, table, kind, slot, only && ((index) => only.has(index)));
  return { run: run.map((duty) => duty.validatorIndex), skip: Object.fromEntries(skip) };
}

describe('the duties of a slot', () => {
  it('are those of the table in that slot, as the Beacon API names them', () => {
    const { run, skip } = dueDuties(viewOf(), attesters, 'attester', 18);
    expect(skip.size).toBe(0);
    expect(run.map((duty) => duty.validatorIndex)).toEqual([2, 5, 9]);
    expect(run[1]).toEqual({
      validatorIndex: 5,
      pubkey: pubkeyOf(5),
      slot: 18,
      epoch: 2,
      committeeIndex: 1,
      committeeLength: 101,
      committeesAtSlot: 201,
      validatorCommitteeIndex: 301,
    });
    expect(dueDuties(viewOf(), attesters, 'aggregator', 18).run).toEqual(run);
    expect(dueDuties(viewOf(), attesters, 'attester', 19).run).toEqual([]);
  });

  it('of a proposer are slot and validator', () => {
    const table = tableOf('proposer', [
      { validator: 5, slot: 18 },
      { validator: 5, slot: 20 },
      { validator: 777, slot: 19 },
    ]);
    const duty = { validatorIndex: 5, pubkey: pubkeyOf(5), slot: 18, epoch: 2 };
    expect(dueDuties(viewOf(), table, 'proposer', 18).run).toEqual([duty]);
    expect(dueDuties(viewOf({ slot: 20 }), table, 'proposer', 20).run).toEqual([{ ...duty, slot: 20 }]);
    // A table names everyone: strangers are nobody's business.
    expect(sorted(viewOf({ slot: 19 }), table, 'proposer', 19)).toEqual({ run: [], skip: {} });
  });

  it('of the sync committee stand in every slot of the period, with the epoch of the slot', () => {
    const span = { target: 1, firstSlot: 31, slotCount: 32 };
    const table = tableOf('sync-committee', [{ validator: 9, positions: [7, 300] }], span);
    const registry = registryOf([9]);
    const at = (slot: number) => dueDuties(viewOf({ slot, registry }), table, 'sync-committee', slot).run;
    expect(at(31)).toEqual([
      { validatorIndex: 9, pubkey: pubkeyOf(9), slot: 31, epoch: 3, validatorSyncCommitteeIndices: [7, 300] },
    ]);
    expect(at(40)).toMatchObject([{ slot: 40, epoch: 5 }]);
    expect([at(30), at(62).length, at(63)]).toEqual([[], 1, []]);
    expect(dueDuties(viewOf({ slot: 40, registry }), table, 'sync-committee-contribution', 40).run).toEqual(at(40));
  });

  it('are looked at for some validators only, where asked', () => {
    expect(sorted(viewOf(), attesters, 'attester', 18, new Set([9, 3]))).toEqual({ run: [9], skip: {} });
    expect(sorted(viewOf(), attesters, 'attester', 18, new Set())).toEqual({ run: [], skip: {} });
  });
});

describe('duties that do not run', () => {
  it('silently: of validators that left, are liquidated, or were handed over', () => {
    const claims = new ClaimLedger();
    claims.claim({ kind: 'attester', slot: 18, epoch: 2, validators: [9] });
    const registry = registryOf([2, 5, 9]).remove(['2']).setLiquidated(['5'], true);
    expect(sorted(viewOf({ registry, claims }), attesters, 'attester', 18)).toEqual({ run: [], skip: {} });
    expect(sorted(viewOf({ registry, claims }), attesters, 'aggregator', 18)).toEqual({ run: [9], skip: {} });
  });

  it('moved-after-claim: the validator has attested for this target in another slot', () => {
    const claims = new ClaimLedger();
    claims.claim({ kind: 'attester', slot: 17, epoch: 2, validators: [5, 9] });
    expect(sorted(viewOf({ claims }), attesters, 'attester', 18)).toEqual({
      run: [2],
      skip: { 'moved-after-claim': [5, 9] },
    });
    // Too late as well: that it moved says more.
    expect(sorted(viewOf({ claims, slot: 30 }), attesters, 'attester', 18)).toEqual({
      run: [],
      skip: { 'deadline-passed': [2], 'moved-after-claim': [5, 9] },
    });
  });

  it('genesis-slot: no proposal in slot 0, but attestations', () => {
    const span = { target: 0, firstSlot: 0 };
    const rows = [{ validator: 5, slot: 0 }];
    const view = viewOf({ slot: 0 });
    expect(sorted(view, tableOf('proposer', rows, span), 'proposer', 0)).toEqual({
      run: [],
      skip: { 'genesis-slot': [5] },
    });
    expect(sorted(view, tableOf('attester', rows, span), 'attester', 0)).toEqual({ run: [5], skip: {} });
    const next = tableOf('proposer', [{ validator: 5, slot: 1 }], span);
    expect(sorted(viewOf({ slot: 1 }), next, 'proposer', 1)).toEqual({ run: [5], skip: {} });
  });

  it('deadline-passed and late-not-permitted: by the late policy', () => {
    const late = (slot: number, policy: Partial<DueView['policy']>, recordFromSlot = slot) =>
      sorted(viewOf({ slot, policy, recordFromSlot }), attesters, 'attester', 18);
    const all = [2, 5, 9];
    expect(late(19, { late: 'always' })).toEqual({ run: all, skip: {} });
    expect(late(26, { late: 'always' })).toEqual({ run: [], skip: { 'deadline-passed': all } });
    expect(late(19, { late: 'never' })).toEqual({ run: [], skip: { 'late-not-permitted': all } });
    expect(late(19, { late: 'journal' })).toEqual({ run: [], skip: { 'late-not-permitted': all } });
    expect(late(19, { late: 'journal' }, 18)).toEqual({ run: all, skip: {} });
    const aggregations = sorted(viewOf({ slot: 19, policy: { late: 'always' } }), attesters, 'aggregator', 18);
    expect(aggregations).toEqual({ run: [], skip: { 'deadline-passed': all } });
  });

  it('of slots that a validator takes no part in anyway are not called late', () => {
    const registry = registryOf([2, 5])
      .add([{ id: '9', eventSlot: 19 }])
      .learn([recordOf(9)]);
    expect(sorted(viewOf({ registry, slot: 19, policy: { late: 'never' } }), attesters, 'attester', 18)).toEqual({
      run: [],
      skip: { 'late-not-permitted': [2, 5], 'before-validator-event': [9] },
    });
  });

  it('before-validator-event: said of attestations only, nothing else could have been made up', () => {
    const registry = registryOf([])
      .add([{ id: '9', eventSlot: 19 }])
      .learn([recordOf(9)]);
    const view = viewOf({ registry, slot: 19 });
    expect(sorted(view, attesters, 'attester', 18).skip).toEqual({ 'before-validator-event': [9] });
    expect(sorted(view, attesters, 'aggregator', 18)).toEqual({ run: [], skip: {} });
  });

  it('before-validator-event and participation-delay: of validators that are new', () => {
    const registry = registryOf([2])
      .add([
        { id: '5', eventSlot: 18 },
        { id: '9', eventSlot: 19 },
      ])
      .learn([recordOf(5), recordOf(9)]);
    expect(sorted(viewOf({ registry }), attesters, 'attester', 18)).toEqual({
      run: [2, 5],
      skip: { 'before-validator-event': [9] },
    });
    expect(sorted(viewOf({ registry, policy: { participationDelayEpochs: 1 } }), attesters, 'attester', 18)).toEqual({
      run: [2],
      skip: { 'participation-delay': [5], 'before-validator-event': [9] },
    });
  });
});
