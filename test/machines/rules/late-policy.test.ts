import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DutyKind } from '../../../machines/rules/duties.js';
import {
  lastChanceSlot,
  oldestLateSlot,
  whyNotYet,
  whyTooLate,
  type LateView,
} from '../../../machines/rules/late-policy.js';
import { defaultPolicy, type LatePolicy, type SchedulingPolicy } from '../../../machines/rules/policy.js';
import { LONG, SHORT, testChain } from '../../support/chain.js';

const chain = testChain(SHORT);
const NOT_ATTESTATIONS: readonly DutyKind[] = [
  'aggregator',
  'proposer',
  'sync-committee',
  'sync-committee-contribution',
];
const POLICIES: readonly LatePolicy[] = ['never', 'journal', 'always'];

function view(
  slot: number,
  late: LatePolicy,
  options: { recordFromSlot?: number; maximumDelay?: number } = {},
): LateView {
  const { recordFromSlot = slot, maximumDelay = 8 } = options;
  return { chain, slot, recordFromSlot, policy: { ...defaultPolicy(chain), late, maximumDelay } };
}

describe('the defaults (SPEC §3, §4, §6)', () => {
  it('are no grace, one epoch, the journal, no delay, two epochs', () => {
    expect(defaultPolicy(LONG)).toEqual({
      headGraceMs: 0,
      maximumDelay: 32,
      late: 'journal',
      lateAfterReactivation: false,
      participationDelayEpochs: 0,
      syncCommitteePreparationEpochs: 2,
    });
  });
});

describe('late duties (SPEC §6)', () => {
  it('of the current slot run under each policy', () => {
    for (const late of POLICIES) {
      for (const kind of [...NOT_ATTESTATIONS, 'attester'] as const)
        expect(whyTooLate(view(20, late), kind, 20)).toBeUndefined();
    }
  });

  it('of past slots are over, attestations excepted', () => {
    for (const late of POLICIES) {
      for (const kind of NOT_ATTESTATIONS)
        expect(whyTooLate(view(20, late, { recordFromSlot: 0 }), kind, 19)).toBe('deadline-passed');
    }
  });

  it('never: no attestation of a past slot', () => {
    expect(whyTooLate(view(20, 'never', { recordFromSlot: 0 }), 'attester', 19)).toBe('late-not-permitted');
  });

  it('always: every attestation whose deadline allows', () => {
    const reasons = [19, 13, 12, 11].map((dutySlot) => whyTooLate(view(20, 'always'), 'attester', dutySlot));
    expect(reasons).toEqual([undefined, undefined, 'deadline-passed', 'deadline-passed']);
    const widest = [8, 7].map((dutySlot) =>
      whyTooLate(view(23, 'always', { maximumDelay: 100 }), 'attester', dutySlot),
    );
    expect(widest).toEqual([undefined, 'deadline-passed']);
  });

  it('journal: only where the record shows that nothing was executed', () => {
    const reasons = [19, 16, 15, 12].map((slot) =>
      whyTooLate(view(20, 'journal', { recordFromSlot: 16 }), 'attester', slot),
    );
    expect(reasons).toEqual([undefined, undefined, 'late-not-permitted', 'deadline-passed']);
    expect(whyTooLate(view(20, 'journal'), 'attester', 19)).toBe('late-not-permitted');
  });

  it('the oldest late slot is the first that is not too late', () => {
    const slots = fc.integer({ min: 0, max: 60 });
    const delay = fc.integer({ min: 1, max: 30 });
    fc.assert(
      fc.property(slots, slots, delay, fc.constantFrom(...POLICIES), (slot, recordFromSlot, maximumDelay, late) => {
        const each = view(slot, late, { recordFromSlot, maximumDelay });
        const open = Array.from({ length: slot + 1 }, (_, i) => i).filter(
          (i) => whyTooLate(each, 'attester', i) === undefined,
        );
        expect(oldestLateSlot(each)).toBe(open[0]);
        expect(open).toHaveLength(slot - open[0]! + 1);
      }),
    );
  });

  it('a deferred duty has its chance until its deadline; with `never` until its slot ends', () => {
    expect(POLICIES.map((late) => lastChanceSlot(view(20, late), 'attester', 20))).toEqual([21, 28, 28]);
    expect(POLICIES.map((late) => lastChanceSlot(view(20, late), 'proposer', 20))).toEqual([21, 21, 21]);
    expect(lastChanceSlot(view(20, 'always', { maximumDelay: 100 }), 'attester', 20)).toBe(32);
  });
});

describe('validators that were added or reactivated (SPEC §4, §6)', () => {
  /** Reasons for duties of some slots, of a validator whose event was in slot 20 (epoch 2). */
  function reasons(policy: Partial<SchedulingPolicy>, slots: readonly number[], eventSlot = 20) {
    return slots.map((slot) => whyNotYet(chain, { ...defaultPolicy(chain), ...policy }, { eventSlot }, slot));
  }

  it('run no slot from before their event', () => {
    expect(reasons({}, [7, 15, 16, 19, 20, 21, 99])).toEqual([
      ...Array<string>(4).fill('before-validator-event'),
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('run them where lateAfterReactivation is set, in epochs before the event too', () => {
    expect(reasons({ lateAfterReactivation: true }, [15, 16, 19, 20])).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('wait for the participation delay, counted from the epoch of the event', () => {
    expect(reasons({ participationDelayEpochs: 1 }, [19, 20, 23, 24])).toEqual([
      'before-validator-event',
      'participation-delay',
      'participation-delay',
      undefined,
    ]);
    expect(reasons({ participationDelayEpochs: 3 }, [24, 39, 40])).toEqual([
      'participation-delay',
      'participation-delay',
      undefined,
    ]);
    const both = { participationDelayEpochs: 1, lateAfterReactivation: true };
    expect(reasons(both, [15, 19, 23, 24])).toEqual([...Array<string>(3).fill('participation-delay'), undefined]);
  });

  it('do not wait where they were there from the beginning', () => {
    expect(reasons({ participationDelayEpochs: 9 }, [0, 7], -Infinity)).toEqual([undefined, undefined]);
  });
});
