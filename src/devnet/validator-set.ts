import type { Epoch } from '../../machines/rules/chain-time.js';
import type { ValidatorIndex } from '../../machines/rules/duties.js';
import type { ValidatorStatus } from '../../machines/rules/validators.js';
import { blsBytesOf } from './deterministic-random.js';

/** Epochs between the exit of a validator and the withdrawal of its stake. */
const WITHDRAWABILITY_DELAY = 4;
/** A slashed validator leaves within this many epochs. */
const SLASHING_EXIT_DELAY = 5;

/** A validator of the devnet; epochs are `Infinity` until they are set. */
export interface DevnetValidator {
  readonly index: ValidatorIndex;
  readonly pubkey: string;
  readonly activationEligibilityEpoch: Epoch;
  readonly activationEpoch: Epoch;
  readonly exitEpoch: Epoch;
  readonly withdrawableEpoch: Epoch;
  readonly slashed: boolean;
}

/** Status of a validator in an epoch, as the Beacon API defines it. */
export function statusAt(validator: DevnetValidator, epoch: Epoch): ValidatorStatus {
  if (epoch < validator.activationEpoch) {
    return validator.activationEligibilityEpoch === Infinity ? 'pending_initialized' : 'pending_queued';
  }
  if (epoch < validator.exitEpoch) {
    if (validator.exitEpoch === Infinity) return 'active_ongoing';
    return validator.slashed ? 'active_slashed' : 'active_exiting';
  }
  if (epoch < validator.withdrawableEpoch) return validator.slashed ? 'exited_slashed' : 'exited_unslashed';
  return 'withdrawal_possible';
}

/** The registry of validators. It is the same on every branch of the chain. */
export class ValidatorSet {
  readonly #seed: number;
  readonly #validators: DevnetValidator[] = [];
  readonly #byPubkey = new Map<string, ValidatorIndex>();
  /** Grows with every change, so that what was computed from an older registry can be told apart. */
  #version = 0;

  constructor(seed: number, count: number) {
    this.#seed = seed;
    for (let index = 0; index < count; index += 1) this.add({ activationEligibilityEpoch: 0, activationEpoch: 0 });
  }

  get version(): number {
    return this.#version;
  }

  get count(): number {
    return this.#validators.length;
  }

  /** Adds a validator at the end of the registry. */
  add(epochs: { readonly activationEligibilityEpoch: Epoch; readonly activationEpoch: Epoch }): DevnetValidator {
    const index = this.#validators.length;
    const pubkey = blsBytesOf(48, this.#seed, 'pubkey', index);
    const validator = { index, pubkey, ...epochs, exitEpoch: Infinity, withdrawableEpoch: Infinity, slashed: false };
    this.#validators.push(validator);
    this.#byPubkey.set(pubkey, index);
    this.#version += 1;
    return validator;
  }

  /** Sets the activation of a validator that waits. */
  activate(index: ValidatorIndex, activationEpoch: Epoch, activationEligibilityEpoch: Epoch): void {
    this.#change(index, { activationEpoch, activationEligibilityEpoch });
  }

  /** Sets the epoch in which a validator no longer has duties. */
  exit(index: ValidatorIndex, exitEpoch: Epoch): void {
    this.#change(index, { exitEpoch, withdrawableEpoch: exitEpoch + WITHDRAWABILITY_DELAY });
  }

  /** Slashes a validator in an epoch; it leaves a few epochs later. */
  slash(index: ValidatorIndex, epoch: Epoch): void {
    const exitEpoch = Math.min(this.at(index).exitEpoch, epoch + SLASHING_EXIT_DELAY);
    this.#change(index, { slashed: true, exitEpoch, withdrawableEpoch: exitEpoch + WITHDRAWABILITY_DELAY });
  }

  get(index: ValidatorIndex): DevnetValidator | undefined {
    return this.#validators[index];
  }

  /** @throws RangeError for an index that is not in the registry. */
  at(index: ValidatorIndex): DevnetValidator {
    const validator = this.#validators[index];
    if (validator === undefined) throw new RangeError(`no validator with index ${index}`);
    return validator;
  }

  /** A validator by its 0x pubkey. */
  byPubkey(pubkey: string): DevnetValidator | undefined {
    const index = this.#byPubkey.get(pubkey.toLowerCase());
    return index === undefined ? undefined : this.#validators[index];
  }

  [Symbol.iterator](): IterableIterator<DevnetValidator> {
    return this.#validators.values();
  }

  /** Indices of the validators with duties in an epoch, ascending. */
  activeIn(epoch: Epoch): Uint32Array {
    const active = new Uint32Array(this.#validators.length);
    let length = 0;
    for (const validator of this.#validators) {
      if (validator.activationEpoch <= epoch && epoch < validator.exitEpoch) {
        active[length] = validator.index;
        length += 1;
      }
    }
    return active.slice(0, length);
  }

  #change(index: ValidatorIndex, change: Partial<DevnetValidator>): void {
    this.#validators[index] = { ...this.at(index), ...change };
    this.#version += 1;
  }
}
