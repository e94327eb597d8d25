/** Which validators the operator runs: the simulation's own book, beside the scheduler's registry. */
import type { ValidatorSource } from '../../machines/ports.js';
import type { Slot } from '../../machines/rules/chain-time.js';
import type { ValidatorIndex } from '../../machines/rules/duties.js';
import type { ValidatorSourceEvent } from '../../machines/rules/validator-changes.js';

export interface Member {
  readonly index: ValidatorIndex;
  readonly pubkey: string;
  readonly liquidated: boolean;
  /** Slot of the event that added or reactivated it; undefined: there from the beginning. */
  readonly eventSlot: Slot | undefined;
}

export class Membership implements ValidatorSource {
  readonly #members = new Map<ValidatorIndex, Member>();
  #tell: ((event: ValidatorSourceEvent) => void) | undefined;

  get(index: ValidatorIndex): Member | undefined {
    return this.#members.get(index);
  }

  /** Members that may run duties. */
  active(): Member[] {
    return [...this.#members.values()].filter(({ liquidated }) => !liquidated);
  }

  liquidated(): Member[] {
    return [...this.#members.values()].filter(({ liquidated }) => liquidated);
  }

  /** There from the beginning: told with the start. */
  begin(index: ValidatorIndex, pubkey: string): void {
    this.#members.set(index, { index, pubkey, liquidated: false, eventSlot: undefined });
  }

  add(index: ValidatorIndex, pubkey: string, eventSlot: Slot): void {
    this.#members.set(index, { index, pubkey, liquidated: false, eventSlot });
    this.#tell?.({ type: 'VALIDATOR_ADDED', validators: [{ id: pubkey, eventSlot }] });
  }

  remove({ index, pubkey }: Member): void {
    this.#members.delete(index);
    this.#tell?.({ type: 'VALIDATOR_REMOVED', ids: [pubkey] });
  }

  liquidate(member: Member): void {
    this.#members.set(member.index, { ...member, liquidated: true });
    this.#tell?.({ type: 'CLUSTER_LIQUIDATED', ids: [member.pubkey] });
  }

  reactivate(member: Member, eventSlot: Slot): void {
    this.#members.set(member.index, { ...member, liquidated: false, eventSlot });
    this.#tell?.({ type: 'CLUSTER_REACTIVATED', ids: [member.pubkey], eventSlot });
  }

  exited({ pubkey }: Member): void {
    this.#tell?.({ type: 'VALIDATOR_EXITED', ids: [pubkey] });
  }

  run(tell: (event: ValidatorSourceEvent) => void, _fail: (error: Error) => void, signal: AbortSignal): void {
    this.#tell = tell;
    signal.addEventListener('abort', () => {
      if (this.#tell === tell) this.#tell = undefined;
    });
    const validators = [...this.#members.values()].map(({ pubkey, liquidated, eventSlot }) => ({
      id: pubkey,
      liquidated,
      ...(eventSlot !== undefined && { eventSlot }),
    }));
    tell({ type: 'VALIDATORS_KNOWN', validators });
  }
}
