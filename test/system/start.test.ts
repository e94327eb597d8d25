import { afterEach, describe, expect, test } from 'vitest';
import { epochOf } from '../../machines/rules/chain-time.js';
import type { LatePolicy } from '../../machines/rules/policy.js';
import { dutiesBetween, expectExactly, expectOnTime, handedOverBetween, nameOf } from '../support/oracle.js';
import { createRig, doubles, type Rig, type RigOptions } from '../support/rig.js';

// Chain: 12 s slots, 8 per epoch, 4 epochs a period. Epoch 2 is slots 16–23; period 1 is served from slot 31 on.
let rig: Rig;
afterEach(() => rig.stop());

async function startedRig(options: RigOptions): Promise<Rig> {
  rig = createRig(options);
  await rig.start();
  return rig;
}

function fetchedTables(): string[] {
  return rig
    .linesOf('duties-fetched')
    .map((line) => `${line.role} ${'epoch' in line ? line.epoch : line.period} ${line.cause}`);
}

function skipped(reason: string): string[] {
  return rig
    .linesOf('duty-skipped')
    .filter((line) => line.reason === reason)
    .flatMap((line) => line.validators.map((validator) => nameOf({ kind: line.role, slot: line.slot, validator })));
}

describe('start at an awkward moment (§3: evaluated at start)', () => {
  test('in the last slot of an epoch: E now, E+1 ahead, and the boundary passes without a gap', async () => {
    await startedRig({ startSlot: 23 });
    await rig.runTo(23, 300);
    expect(fetchedTables()).toEqual(
      [
        'attester 2 warm-up',
        'proposer 2 warm-up',
        'sync-committee 0 warm-up',
        'attester 3 look-ahead',
        'proposer 3 look-ahead',
        'sync-committee 1 look-ahead',
      ].toSorted((a, b) => fetchedTables().indexOf(a) - fetchedTables().indexOf(b)),
    );
    await rig.runTo(32, -1);
    expectExactly(rig, 23, 31);
    expectOnTime(rig, 24, 31);
    expect(fetchedTables().filter((table) => table.startsWith('attester 3'))).toHaveLength(1);
  });

  test('in the last slot of a period: the next committee is on duty already', async () => {
    await startedRig({ startSlot: 31 });
    await rig.runTo(31, 300);
    const sync = fetchedTables().filter((table) => table.startsWith('sync-committee'));
    expect(sync).toEqual(['sync-committee 1 warm-up']);
    await rig.runTo(40, -1);
    expectExactly(rig, 31, 39);
    expectOnTime(rig, 32, 39);
  });

  test('in the last millisecond of a slot: its duties are over, those of the next run in time', async () => {
    await startedRig({ startSlot: 18, startOffsetMs: 11_999, scheduler: { late: 'never' } });
    await rig.runTo(20, -1);
    expect(handedOverBetween(rig, 0, 18)).toEqual([]);
    expectExactly(rig, 19, 19);
    expect(handedOverBetween(rig, 19, 19, ['attester']).map((duty) => duty.trigger)).not.toContain('late');
  });

  test('at the very start of a slot its own duties run', async () => {
    await startedRig({ startSlot: 18, startOffsetMs: 0 });
    await rig.runTo(19, -1);
    expectExactly(rig, 18, 18);
    expect(new Set(handedOverBetween(rig, 18, 18, ['attester', 'sync-committee']).map((duty) => duty.trigger))).toEqual(
      new Set(['head']),
    );
  });

  test('before the due point its attestations wait for the head or the due point: they are not late', async () => {
    await startedRig({ startSlot: 18, startOffsetMs: 3000 });
    await rig.runTo(19, -1);
    expect(
      new Set(handedOverBetween(rig, 18, 18, ['attester']).map((duty) => `${duty.trigger} ${duty.offsetMs}`)),
    ).toEqual(new Set(['deadline 4009']));
  });
});

describe('start in mid-epoch (§6 "Late duties")', () => {
  const start = (late: LatePolicy, more: RigOptions['scheduler'] = {}) =>
    startedRig({ startSlot: 21, startOffsetMs: 5000, scheduler: { late, ...more } });

  for (const late of ['never', 'journal'] as const) {
    test(`late ${late}, without a journal: the current slot only`, async () => {
      await start(late);
      await rig.runTo(21, 11_000);
      expectExactly(rig, 21, 21);
      expect(new Set(rig.handedOver.map((duty) => duty.trigger))).toEqual(new Set(['late']));
      expect(rig.handedOver.every((duty) => duty.slot === 21)).toBe(true);
      expect(skipped('late-not-permitted').toSorted()).toEqual(
        dutiesBetween(rig.devnet.chain, 16, 20, ['attester']).toSorted(),
      );
      expect(rig.linesOf('duty-skipped').every((line) => line.reason === 'late-not-permitted')).toBe(true);
      expect(fetchedTables()).not.toContain('attester 1 warm-up');
      await rig.runTo(32, -1);
      expectExactly(rig, 22, 31);
    });
  }

  /** Validators whose attestation of `epoch` is due in these slots. */
  const attestersOf = (from: number, to: number) => dutiesBetween(rig.devnet.chain, from, to, ['attester']);
  const validatorOf = (name: string) => name.split(' ')[2];

  test('late always: every past slot within the deadline, the older epoch first', async () => {
    await start('always');
    await rig.runTo(21, 11_000);
    expect(fetchedTables()).toContain('attester 1 warm-up');
    const late = handedOverBetween(rig, 0, 20);
    expect(late.every((duty) => duty.kind === 'attester' && duty.trigger === 'late')).toBe(true);
    expect(handedOverBetween(rig, 16, 20).map(nameOf).toSorted()).toEqual(attestersOf(16, 20).toSorted());
    // Of epoch 1 slots 14 and 15 are open. The table of epoch 2 came first, and waits for them.
    const open = attestersOf(14, 15);
    const votesHigher = new Set(attestersOf(16, 21).map(validatorOf));
    expect(open.filter((name) => votesHigher.has(validatorOf(name)))).not.toEqual([]);
    expect(handedOverBetween(rig, 8, 15).map(nameOf).toSorted()).toEqual(open.toSorted());
    expect(skipped('moved-after-claim')).toEqual([]);
    expect(skipped('deadline-passed').toSorted()).toEqual(attestersOf(8, 13).toSorted());
    expect(doubles(rig.handedOver, 8)).toEqual([]);
    for (const { batch, slot } of late) {
      const deadlineSlot = Math.min(slot + 8, (epochOf({ slotsPerEpoch: 8 }, slot) + 2) * 8);
      expect(batch.deadline).toBe(1_700_000_000_000 + deadlineSlot * 12_000);
    }
    await rig.runTo(32, -1);
    expectExactly(rig, 22, 31);
  });

  test('late always with a longer delay: up to the end of the next epoch and no further (EIP-7045)', async () => {
    await start('always', { maximumDelay: 100 });
    await rig.runTo(21, 11_000);
    const slots = handedOverBetween(rig, 0, 15).map((duty) => duty.slot);
    expect(Math.min(...slots)).toBeGreaterThanOrEqual(8);
    expect(Math.min(...slots)).toBeLessThan(14);
    expect(
      rig.handedOver
        .filter((duty) => duty.slot === 9)
        .every(({ batch }) => batch.deadline === 1_700_000_000_000 + 24 * 12_000),
    ).toBe(true);
  });

  test('late always in the first slot of an epoch: the last epoch is still open', async () => {
    await startedRig({ startSlot: 24, startOffsetMs: 5000, scheduler: { late: 'always' } });
    await rig.runTo(24, 11_000);
    const past = handedOverBetween(rig, 0, 23);
    expect(past.length).toBeGreaterThan(20);
    expect(past.every((duty) => duty.slot >= 17 && duty.kind === 'attester')).toBe(true);
  });

  test('the deadline of a duty that is handed over late is that of its own slot', async () => {
    await start('never');
    await rig.runTo(21, 11_000);
    const ends = new Map(rig.handedOver.map(({ kind, batch }) => [kind, batch.deadline - 1_700_000_000_000]));
    expect(Object.fromEntries(ends)).toEqual({
      attester: 29 * 12_000,
      aggregator: 22 * 12_000,
      proposer: 22 * 12_000,
      'sync-committee': 22 * 12_000,
      'sync-committee-contribution': 22 * 12_000,
    });
  });
});
