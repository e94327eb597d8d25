import {
  epochOf,
  slotStartMs,
  startSlotOf,
  syncPeriodServing,
  type Epoch,
  type Slot,
} from '../../machines/rules/chain-time.js';
import type { DutyKind, ValidatorIndex } from '../../machines/rules/duties.js';
import type { Chain } from '../../src/devnet/index.js';

/** A duty that the chain asks for. */
export interface ChainDuty {
  readonly kind: DutyKind;
  readonly slot: Slot;
  readonly validator: ValidatorIndex;
}

/** What the chain says, noted as time passes: the oracle of a run. It never hears of the scheduler. */
export class ChainRecord {
  readonly duties: ChainDuty[] = [];
  /** Root that the duties of an epoch depend on, and the unix ms at which it changed. */
  readonly #roots = new Map<Epoch, { root: string; readonly changedAt: number[] }>();
  readonly #stop: () => void;

  constructor(
    private readonly chain: Chain,
    private readonly now: () => number,
  ) {
    this.#stop = chain.on('head', () => this.#noteRoots());
    this.#noteRoots();
  }

  /** Notes the duties of a slot that is over, of the validators that count. */
  noteSlot(slot: Slot, isOurs: (validator: ValidatorIndex) => boolean): void {
    const { chain } = this;
    const { parameters } = chain;
    const epoch = epochOf(parameters, slot);
    const committees = chain.committees(epoch);
    const proposer = chain.proposers(epoch)[slot - startSlotOf(parameters, epoch)];
    const syncCommittee = new Set(chain.syncCommittee(syncPeriodServing(parameters, slot)));
    for (const { index: validator } of chain.validators) {
      if (!isOurs(validator)) continue;
      const add = (...kinds: DutyKind[]) => this.duties.push(...kinds.map((kind) => ({ kind, slot, validator })));
      if (committees.placeOf(validator)?.slot === slot) add('attester', 'aggregator');
      if (proposer === validator && slot > 0) add('proposer');
      if (syncCommittee.has(validator)) add('sync-committee', 'sync-committee-contribution');
    }
  }

  /** Whether the chain changed its mind about the duties of an epoch between two times (unix ms). */
  changedBetween(epoch: Epoch, from: number, to: number): boolean {
    return this.#roots.get(epoch)?.changedAt.some((at) => at >= from && at <= to) ?? false;
  }

  close(): void {
    this.#stop();
  }

  #noteRoots(): void {
    const { chain } = this;
    const now = this.now();
    const current = epochOf(
      chain.parameters,
      Math.max(0, Math.floor((now - slotStartMs(chain.parameters, 0)) / chain.parameters.slotDurationMs)),
    );
    for (const epoch of [current - 1, current, current + 1]) {
      if (epoch < 0) continue;
      const root = chain.attesterDependentRoot(epoch);
      const known = this.#roots.get(epoch);
      if (known === undefined) this.#roots.set(epoch, { root, changedAt: [now] });
      else if (known.root !== root) {
        known.root = root;
        known.changedAt.push(now);
      }
    }
  }
}
