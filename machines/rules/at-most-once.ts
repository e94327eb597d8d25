/**
 * At most once (SPEC §6): a (kind, slot, validator) never twice, one attestation per validator and target epoch, never
 * for a lower target than before. It guards against our own mistakes; it is no slashing protection.
 */
import type { Epoch, Slot } from './chain-time.js';
import type { DutyKind, ValidatorIndex } from './duties.js';

/** Something that was handed over, or is about to be. */
export interface Claim {
  readonly kind: DutyKind;
  readonly slot: Slot;
  readonly epoch: Epoch;
  readonly validators: readonly ValidatorIndex[];
}

/** Whether a duty may be handed over, or why not. */
export type ClaimState =
  | 'free'
  /** This very duty was claimed. */
  | 'already-claimed'
  /** The validator's claim for this target epoch, or a later one, is in another slot: the duty moved. */
  | 'moved-after-claim';

interface AttestationClaim {
  readonly epoch: Epoch;
  readonly slot: Slot;
}

/** Attestations of a validator that may still be given back are fewer: those of two epochs are open at once (EIP-7045). */
const REMEMBERED = 4;

/** What has been claimed. One for the whole scheduler: it outlives a crashed role, and the journal restores it. */
export class ClaimLedger {
  /** The last claims of each validator, by ascending epoch: a lower one counts again if the higher ones are given back. */
  readonly #attestations = new Map<ValidatorIndex, readonly AttestationClaim[]>();
  readonly #others = new Map<Slot, Map<DutyKind, Set<ValidatorIndex>>>();

  /** Whether a duty may be handed over now. */
  stateOf(kind: DutyKind, slot: Slot, epoch: Epoch, validator: ValidatorIndex): ClaimState {
    if (this.#others.get(slot)?.get(kind)?.has(validator)) return 'already-claimed';
    if (kind !== 'attester') return 'free';
    const last = this.#attestations.get(validator)?.at(-1);
    return last !== undefined && last.epoch >= epoch ? 'moved-after-claim' : 'free';
  }

  /** Claims those validators of a batch whose duty is free, and returns them. */
  claim({ kind, slot, epoch, validators }: Claim): ValidatorIndex[] {
    const granted = validators.filter((validator) => this.stateOf(kind, slot, epoch, validator) === 'free');
    if (granted.length === 0) return granted;
    let kinds = this.#others.get(slot);
    if (kinds === undefined) this.#others.set(slot, (kinds = new Map<DutyKind, Set<ValidatorIndex>>()));
    let claimed = kinds.get(kind);
    if (claimed === undefined) kinds.set(kind, (claimed = new Set<ValidatorIndex>()));
    const attestation = { epoch, slot };
    for (const validator of granted) {
      claimed.add(validator);
      if (kind !== 'attester') continue;
      const before = this.#attestations.get(validator) ?? [];
      this.#attestations.set(validator, [...before.slice(1 - REMEMBERED), attestation]);
    }
    return granted;
  }

  /** Gives claims back: the executor says that nothing was signed. */
  release({ kind, slot, validators }: Claim): void {
    const claimed = this.#others.get(slot)?.get(kind);
    for (const validator of validators) {
      if (claimed?.delete(validator) !== true || kind !== 'attester') continue;
      const standing = this.#attestations.get(validator)?.filter((attestation) => attestation.slot !== slot) ?? [];
      if (standing.length === 0) this.#attestations.delete(validator);
      else this.#attestations.set(validator, standing);
    }
  }

  /** Forgets claims of slots before `slot`; the highest target epoch of a validator is never forgotten. */
  prune(slot: Slot): void {
    for (const claimed of this.#others.keys()) if (claimed < slot) this.#others.delete(claimed);
  }

  /** A summary, for the inspector: never the claims. */
  toJSON(): { readonly validators: number; readonly slots: number } {
    return { validators: this.#attestations.size, slots: this.#others.size };
  }

  /** The claims it holds, for a snapshot, in an order in which they can be made again. */
  *claims(epochOf: (slot: Slot) => Epoch): Generator<Claim> {
    for (const [validator, attestations] of this.#attestations) {
      for (const { slot, epoch } of attestations) {
        if (this.#others.get(slot)?.get('attester')?.has(validator)) continue;
        yield { kind: 'attester', slot, epoch, validators: [validator] };
      }
    }
    for (const [slot, kinds] of [...this.#others].sort(([a], [b]) => a - b)) {
      for (const [kind, validators] of kinds) {
        if (validators.size > 0) yield { kind, slot, epoch: epochOf(slot), validators: [...validators] };
      }
    }
  }
}
