/** What the node has shown: duties by its answers, as long as the chain bears them out. */
import {
  epochOf,
  periodOf,
  syncPeriodServing,
  type ChainSpec,
  type Epoch,
  type Root,
  type Slot,
} from '../../machines/rules/chain-time.js';
import type { DutyAnswer, Role, ValidatorIndex } from '../../machines/rules/duties.js';
import { chainSpecOf, type Chain } from '../../src/devnet/index.js';
import type { AskedDuties } from './watched-node.js';

/** What the answers to the requests for one table say together. */
interface ShownTable {
  readonly role: Role;
  readonly epoch: Epoch;
  root: Root | null;
  version: 1 | 2;
  /** Duties, and the unix ms since when each has been shown. */
  names: Map<string, number>;
  /** Unix ms at which the chain last left the root behind. */
  brokenAt: number;
}

export class ShownDuties {
  readonly #tables = new Map<string, ShownTable>();
  /** Unix ms of the last change of a validator: what was shown of it before counts no more. */
  readonly #changedAt = new Map<ValidatorIndex, number>();
  /** Unix ms since when the node has named an index for a validator that this life knew by its key. */
  readonly #namedAt = new Map<ValidatorIndex, number>();
  readonly #spec: ChainSpec;

  constructor(
    private readonly chain: Chain,
    private readonly now: () => number,
  ) {
    this.#spec = chainSpecOf(chain.parameters);
    chain.on('head', () => this.#compareRoots());
  }

  /** Unix ms of the last change of a validator. */
  lastChangeOf(validator: ValidatorIndex): number {
    return this.#changedAt.get(validator) ?? -Infinity;
  }

  changed(validator: ValidatorIndex): void {
    this.#changedAt.set(validator, this.now());
  }

  /** Known by its key alone, as if for the first time. */
  added(validator: ValidatorIndex): void {
    this.#namedAt.delete(validator);
  }

  /** The node has named the index of a validator. */
  named(validator: ValidatorIndex): void {
    if (!this.#namedAt.has(validator)) this.#namedAt.set(validator, this.now());
  }

  /** Since when its index is known; `Infinity`: it is not. */
  namedSince(validator: ValidatorIndex): number {
    return this.#namedAt.get(validator) ?? Infinity;
  }

  answered({ role, epoch, validators }: AskedDuties, { dependentRoot, endpointVersion, columns }: DutyAnswer): void {
    // A probe, perhaps: no table comes of it.
    if (validators === 1) return;
    const key = this.#key(role, epoch);
    let table = this.#tables.get(key);
    if (table === undefined) {
      table = { role, epoch, root: dependentRoot, version: endpointVersion, names: new Map(), brokenAt: -Infinity };
      this.#tables.set(key, table);
    }
    // Of one root are a table and what was merged into it.
    if (table.root !== dependentRoot) table.names = new Map();
    table.root = dependentRoot;
    table.version = endpointVersion;
    for (const [row, validator] of columns.validator.entries()) {
      const name = nameOf(role, columns.slot?.[row], validator);
      const since = table.names.get(name);
      if (since === undefined || since <= this.lastChangeOf(validator)) table.names.set(name, this.now());
    }
    if (table.root !== this.#rootNow(table)) table.brokenAt = this.now();
  }

  /** Since when a duty has been shown, and the chain has borne it out; `Infinity`: not so. */
  since(role: Role, slot: Slot, validator: ValidatorIndex): number {
    const table = this.#tables.get(this.#keyAt(role, slot));
    if (table === undefined) return Infinity;
    if (table.root !== this.#rootNow(table)) return Infinity;
    const shown = table.names.get(nameOf(role, role === 'sync-committee' ? undefined : slot, validator)) ?? Infinity;
    if (shown <= this.lastChangeOf(validator)) return Infinity;
    return Math.max(shown, table.brokenAt);
  }

  /** A life of the scheduler has ended: the next one has been shown nothing. */
  forget(): void {
    this.#tables.clear();
    this.#namedAt.clear();
  }

  forgetBefore(slot: Slot): void {
    const oldest = epochOf(this.#spec, slot);
    for (const [key, { role, epoch }] of this.#tables) {
      const isOver =
        role === 'sync-committee' ? periodOf(this.#spec, epoch) < periodOf(this.#spec, oldest) : epoch < oldest;
      if (isOver) this.#tables.delete(key);
    }
  }

  #compareRoots(): void {
    for (const table of this.#tables.values()) if (table.root !== this.#rootNow(table)) table.brokenAt = this.now();
  }

  #rootNow({ role, epoch, version }: ShownTable): Root | null {
    if (role === 'sync-committee') return null;
    if (role === 'attester') return this.chain.attesterDependentRoot(epoch);
    return this.chain.proposerDependentRoot(epoch, version);
  }

  #key(role: Role, epoch: Epoch): string {
    return `${role} ${role === 'sync-committee' ? periodOf(this.#spec, epoch) : epoch}`;
  }

  #keyAt(role: Role, slot: Slot): string {
    return `${role} ${role === 'sync-committee' ? syncPeriodServing(this.#spec, slot) : epochOf(this.#spec, slot)}`;
  }
}

function nameOf(role: Role, slot: Slot | undefined, validator: ValidatorIndex): string {
  return slot === undefined || role === 'sync-committee' ? String(validator) : `${slot} ${validator}`;
}
