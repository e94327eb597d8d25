import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClaimLedger, type Claim, type ClaimState } from '../../../machines/rules/at-most-once.js';
import type { DutyKind } from '../../../machines/rules/duties.js';

const SLOTS_PER_EPOCH = 4;
const epochOf = (slot: number) => Math.floor(slot / SLOTS_PER_EPOCH);
const KINDS: readonly DutyKind[] = [
  'attester',
  'aggregator',
  'proposer',
  'sync-committee',
  'sync-committee-contribution',
];
/** Four epochs: more than can be open at once (EIP-7045 allows two). */
const SLOTS = Array.from({ length: 4 * SLOTS_PER_EPOCH }, (_, slot) => slot);
const VALIDATORS = [1, 2, 3];

const claimOf = (slot: number, validators: readonly number[], kind: DutyKind = 'attester'): Claim => ({
  kind,
  slot,
  epoch: epochOf(slot),
  validators,
});

/** The rule as the SPEC says it, over a list of everything that stands claimed. */
class NaiveLedger {
  #standing: { kind: DutyKind; slot: number; validator: number }[] = [];

  stateOf(kind: DutyKind, slot: number, epoch: number, validator: number): ClaimState {
    const own = this.#standing.filter((claim) => claim.kind === kind && claim.validator === validator);
    if (own.some((claim) => claim.slot === slot)) return 'already-claimed';
    if (kind === 'attester' && own.some((claim) => epochOf(claim.slot) >= epoch)) return 'moved-after-claim';
    return 'free';
  }

  claim({ kind, slot, epoch, validators }: Claim): number[] {
    const granted = validators.filter((validator) => this.stateOf(kind, slot, epoch, validator) === 'free');
    this.#standing.push(...granted.map((validator) => ({ kind, slot, validator })));
    return granted;
  }

  release({ kind, slot, validators }: Claim): void {
    this.#standing = this.#standing.filter(
      (claim) => claim.kind !== kind || claim.slot !== slot || !validators.includes(claim.validator),
    );
  }
}

/** The state of everything that could be claimed, from a slot on. */
function statesOf(ledger: Pick<ClaimLedger, 'stateOf'>, from = 0): string[] {
  return KINDS.flatMap((kind) =>
    SLOTS.filter((slot) => slot >= from).flatMap((slot) =>
      VALIDATORS.map(
        (validator) => `${kind} ${slot} ${validator}: ${ledger.stateOf(kind, slot, epochOf(slot), validator)}`,
      ),
    ),
  );
}

/** In any order, or every claim in the order of slots, so that many are granted, and then releases of any of them. */
const someHistory = fc
  .array(
    fc.record({
      act: fc.constantFrom('claim', 'claim', 'release'),
      slot: fc.constantFrom(...SLOTS),
      validators: fc.subarray(VALIDATORS, { minLength: 1 }),
      kind: fc.oneof({ weight: 4, arbitrary: fc.constant<DutyKind>('attester') }, fc.constantFrom(...KINDS)),
    }),
    { maxLength: 40 },
  )
  .chain((acts) => {
    const claims = acts.filter(({ act }) => act === 'claim').sort((a, b) => a.slot - b.slot);
    return fc.constantFrom(acts, [...claims, ...acts.filter(({ act }) => act === 'release')]);
  })
  .map((acts) => acts.map(({ act, slot, validators, kind }) => ({ act, claim: claimOf(slot, validators, kind) })));

function replay(history: readonly { act: string; claim: Claim }[]): ClaimLedger {
  const ledger = new ClaimLedger();
  for (const { act, claim } of history) {
    if (act === 'claim') ledger.claim(claim);
    else ledger.release(claim);
  }
  return ledger;
}

describe('at most once (SPEC §6)', () => {
  it('grants a (kind, slot, validator) once', () => {
    const ledger = new ClaimLedger();
    for (const kind of KINDS) {
      expect(ledger.claim(claimOf(5, [1, 2], kind))).toEqual([1, 2]);
      expect(ledger.claim(claimOf(5, [2, 3], kind))).toEqual([3]);
      expect(ledger.claim(claimOf(5, [1, 2, 3], kind))).toEqual([]);
      expect(ledger.stateOf(kind, 5, 1, 1)).toBe('already-claimed');
      expect(ledger.stateOf(kind, 5, 1, 4)).toBe('free');
    }
  });

  it('grants one attestation per validator and target epoch: a duty that moved is told so', () => {
    const ledger = new ClaimLedger();
    ledger.claim(claimOf(5, [1]));
    expect(ledger.stateOf('attester', 7, 1, 1)).toBe('moved-after-claim');
    expect(ledger.stateOf('attester', 4, 1, 1)).toBe('moved-after-claim');
    expect(ledger.claim(claimOf(7, [1, 2]))).toEqual([2]);
    expect(ledger.stateOf('attester', 8, 2, 1)).toBe('free');
  });

  it('grants no attestation for a lower target than before', () => {
    const ledger = new ClaimLedger();
    ledger.claim(claimOf(12, [1]));
    expect([0, 4, 8, 11].map((slot) => ledger.stateOf('attester', slot, epochOf(slot), 1))).toEqual(
      Array(4).fill('moved-after-claim'),
    );
    expect(ledger.stateOf('attester', 16, 4, 1)).toBe('free');
  });

  it('lets other kinds stand in every slot of an epoch', () => {
    const ledger = new ClaimLedger();
    for (const kind of KINDS.slice(1)) {
      for (const slot of [5, 4, 6]) expect(ledger.claim(claimOf(slot, [1], kind))).toEqual([1]);
    }
  });

  it('gives back what nothing was signed for', () => {
    const ledger = new ClaimLedger();
    ledger.claim(claimOf(5, [1, 2]));
    ledger.release(claimOf(5, [1]));
    expect([1, 2].map((validator) => ledger.stateOf('attester', 6, 1, validator))).toEqual([
      'free',
      'moved-after-claim',
    ]);
    expect(ledger.claim(claimOf(6, [1]))).toEqual([1]);
  });

  it('still knows older targets when several claims are given back', () => {
    const ledger = new ClaimLedger();
    for (const slot of [1, 5, 9]) ledger.claim(claimOf(slot, [1]));
    ledger.release(claimOf(9, [1]));
    ledger.release(claimOf(5, [1]));
    expect(ledger.stateOf('attester', 2, 0, 1)).toBe('moved-after-claim');
    expect(ledger.stateOf('attester', 6, 1, 1)).toBe('free');
  });

  it('still knows that an older claim was given back when a newer one is', () => {
    const ledger = new ClaimLedger();
    for (const slot of [5, 9]) ledger.claim(claimOf(slot, [1]));
    ledger.release(claimOf(5, [1]));
    expect(ledger.stateOf('attester', 6, 1, 1)).toBe('moved-after-claim');
    ledger.release(claimOf(9, [1]));
    expect(ledger.stateOf('attester', 6, 1, 1)).toBe('free');
  });

  it('is the naive rule over everything that stands claimed', () => {
    fc.assert(
      fc.property(someHistory, (history) => {
        const ledger = new ClaimLedger();
        const naive = new NaiveLedger();
        for (const { act, claim } of history) {
          if (act === 'claim') expect(ledger.claim(claim)).toEqual(naive.claim(claim));
          else {
            ledger.release(claim);
            naive.release(claim);
          }
          expect(statesOf(ledger).join('\n')).toBe(statesOf(naive).join('\n'));
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe('a pruned ledger', () => {
  it('forgets old slots, never the highest target of a validator', () => {
    const ledger = new ClaimLedger();
    ledger.claim(claimOf(5, [1]));
    ledger.claim(claimOf(5, [1], 'proposer'));
    ledger.claim(claimOf(6, [1], 'proposer'));
    ledger.prune(6);
    expect(ledger.stateOf('proposer', 5, 1, 1)).toBe('free');
    expect(ledger.stateOf('proposer', 6, 1, 1)).toBe('already-claimed');
    expect([1, 5, 6].map((slot) => ledger.stateOf('attester', slot, epochOf(slot), 1))).toEqual(
      Array(3).fill('moved-after-claim'),
    );
    // Too late to give it back: nobody could use it.
    ledger.release(claimOf(5, [1]));
    expect(ledger.stateOf('attester', 6, 1, 1)).toBe('moved-after-claim');
  });

  it('says the same of what is not yet old, and frees no attestation', () => {
    fc.assert(
      fc.property(someHistory, fc.constantFrom(...SLOTS), (history, oldest) => {
        const ledger = replay(history);
        const before = statesOf(ledger);
        ledger.prune(oldest);
        expect(statesOf(ledger, oldest)).toEqual(statesOf(replay(history), oldest));
        const freed = statesOf(ledger).filter((state) => state.startsWith('attester') && state.endsWith('free'));
        expect(before).toEqual(expect.arrayContaining(freed));
      }),
    );
  });
});

describe('a ledger restored from its claims', () => {
  const restored = (ledger: ClaimLedger): ClaimLedger => {
    const copy = new ClaimLedger();
    for (const claim of ledger.claims(epochOf)) copy.claim(claim);
    return copy;
  };

  it('says the same of everything', () => {
    fc.assert(
      fc.property(someHistory, (history) => {
        const ledger = replay(history);
        expect(statesOf(restored(ledger))).toEqual(statesOf(ledger));
      }),
    );
  });

  it('also after it was pruned', () => {
    fc.assert(
      fc.property(someHistory, fc.constantFrom(...SLOTS), (history, oldest) => {
        const ledger = replay(history);
        ledger.prune(oldest);
        const differing = statesOf(restored(ledger)).filter((state, i) => state !== statesOf(ledger)[i]);
        // The slot of a pruned attestation comes back with it: claimed is claimed.
        expect(differing.filter((state) => !/^attester .* already-claimed$/.test(state))).toEqual([]);
      }),
    );
  });
});
