/** The validators the scheduler is responsible for, and who of them is asked for in which epoch (SPEC §4, §8). Immutable. */
import { periodOf, type ChainSpec, type Epoch, type Slot } from './chain-time.js';
import type { Role, ValidatorIndex } from './duties.js';
import { ascending } from './index-columns.js';
import type { ValidatorId, ValidatorRecord } from './validators.js';

/** A validator as its source names it. */
export interface ValidatorRegistration {
  readonly id: ValidatorId;
  /** Its cluster is liquidated: known, but without duties until reactivated. */
  readonly liquidated?: boolean;
  /** Slot of the contract event's block; absent for a validator that was there from the beginning. */
  readonly eventSlot?: Slot;
  /** Operators of its committee, ascending. */
  readonly committee?: readonly number[];
}

/** A validator in the registry. */
export interface RegisteredValidator {
  readonly id: ValidatorId;
  /** Absent until a beacon node knows it. */
  readonly record: ValidatorRecord | undefined;
  readonly liquidated: boolean;
  /** Slot of its last ValidatorAdded or ClusterReactivated; `-Infinity`: there from the beginning. */
  readonly eventSlot: Slot;
  readonly committee: readonly number[] | undefined;
}

export class Registry {
  static readonly EMPTY = new Registry(new Map());

  readonly #byId: ReadonlyMap<ValidatorId, RegisteredValidator>;
  readonly #byIndex = new Map<ValidatorIndex, RegisteredValidator>();
  readonly #eligible = new Map<string, Uint32Array>();
  /** Names that no beacon node has known yet. Every slot asks for them, so they are not looked for in every slot. */
  readonly unknownIds: readonly ValidatorId[];
  #activeMembers: Uint32Array | undefined;
  #countByStatus: Readonly<Record<string, number>> | undefined;

  private constructor(byId: ReadonlyMap<ValidatorId, RegisteredValidator>) {
    this.#byId = byId;
    const unknownIds: ValidatorId[] = [];
    // Named twice, by index and by pubkey, a validator is still one: the first name stands.
    for (const validator of byId.values()) {
      const index = validator.record?.index;
      if (index === undefined) unknownIds.push(validator.id);
      else if (!this.#byIndex.has(index)) this.#byIndex.set(index, validator);
    }
    this.unknownIds = unknownIds;
  }

  /** Number of names registered. */
  get size(): number {
    return this.#byId.size;
  }

  has(id: ValidatorId): boolean {
    return this.#byId.has(id);
  }

  get ids(): ValidatorId[] {
    return [...this.#byId.keys()];
  }

  values(): Iterable<RegisteredValidator> {
    return this.#byId.values();
  }

  byIndex(index: ValidatorIndex): RegisteredValidator | undefined {
    return this.#byIndex.get(index);
  }

  /** Whether a validator with this index is registered and its cluster is not liquidated. */
  isActiveMember(index: ValidatorIndex): boolean {
    return this.#byIndex.get(index)?.liquidated === false;
  }

  /** Indices of all validators for which {@link isActiveMember} holds, ascending: for whole tables at once. */
  get activeMembers(): Uint32Array {
    if (this.#activeMembers === undefined) {
      const members: ValidatorIndex[] = [];
      for (const [index, { liquidated }] of this.#byIndex) if (!liquidated) members.push(index);
      this.#activeMembers = ascending(members);
    }
    return this.#activeMembers;
  }

  /** All names under which some validators are registered; they may be named otherwise: by index instead of pubkey, or the like. */
  namesOf(ids: readonly ValidatorId[]): ValidatorId[] {
    const names = new Set<ValidatorId>();
    const others = new Set<ValidatorId>();
    for (const id of ids) {
      const validator = this.#byId.get(id);
      if (validator === undefined) {
        others.add(id);
        continue;
      }
      names.add(id);
      const aliases = validator.record === undefined ? [] : [validator.record.pubkey, String(validator.record.index)];
      for (const alias of aliases) if (this.#byId.has(alias)) names.add(alias);
    }
    if (others.size > 0) {
      for (const { id, record } of this.#byId.values()) {
        if (record !== undefined && (others.has(record.pubkey) || others.has(String(record.index)))) names.add(id);
      }
    }
    return [...names];
  }

  /** Indices of some names, ascending; names without an index are left out. */
  indicesOf(ids: Iterable<ValidatorId>): ValidatorIndex[] {
    const indices: ValidatorIndex[] = [];
    for (const id of ids) {
      const index = this.#byId.get(id)?.record?.index;
      if (index !== undefined) indices.push(index);
    }
    return [...ascending(indices)];
  }

  /** Adds validators; one that is there already stays as it is. */
  add(registrations: readonly ValidatorRegistration[]): Registry {
    const byId = new Map(this.#byId);
    for (const { id, liquidated = false, eventSlot = -Infinity, committee } of registrations) {
      if (!byId.has(id)) byId.set(id, { id, record: undefined, liquidated, eventSlot, committee });
    }
    return new Registry(byId);
  }

  remove(ids: readonly ValidatorId[]): Registry {
    const byId = new Map(this.#byId);
    for (const id of ids) byId.delete(id);
    return new Registry(byId);
  }

  /** Marks validators liquidated, or reactivated by an event of `eventSlot`. */
  setLiquidated(ids: readonly ValidatorId[], liquidated: boolean, eventSlot?: Slot): Registry {
    const byId = new Map(this.#byId);
    for (const id of ids) {
      const validator = byId.get(id);
      if (validator === undefined || validator.liquidated === liquidated) continue;
      byId.set(id, { ...validator, liquidated, eventSlot: eventSlot ?? validator.eventSlot });
    }
    return new Registry(byId);
  }

  /** Takes in what a beacon node says; itself where nothing is new. Records of validators not registered are ignored. */
  learn(records: readonly ValidatorRecord[]): Registry {
    let byId: Map<ValidatorId, RegisteredValidator> | undefined;
    for (const record of records) {
      for (const id of [record.pubkey, String(record.index)]) {
        const validator = this.#byId.get(id);
        if (validator === undefined || sameRecord(validator.record, record)) continue;
        byId ??= new Map(this.#byId);
        byId.set(id, { ...validator, record });
      }
    }
    return byId === undefined ? this : new Registry(byId);
  }

  /**
   * Indices of the validators to ask for in a role at an epoch, ascending (SPEC §4). The same array each time, while the
   * registry stays.
   *
   * @param eventBy of an epoch that is over, its last slot: only validators whose last event was in this slot or before,
   *   and that were active in the epoch; one whose status shows that it is active now may have been activated since
   */
  eligible(chain: ChainSpec, role: Role, targetEpoch: Epoch, eventBy: Slot = Infinity): Uint32Array {
    const key = `${role} ${targetEpoch} ${eventBy}`;
    const cached = this.#eligible.get(key);
    if (cached !== undefined) return cached;
    const indices: ValidatorIndex[] = [];
    for (const [index, validator] of this.#byIndex) {
      if (validator.eventSlot > eventBy || !isEligible(chain, role, validator, targetEpoch)) continue;
      if (eventBy === Infinity || validator.record!.activationEpoch <= targetEpoch) indices.push(index);
    }
    const eligible = ascending(indices);
    // Epochs pass while the registry stays: only the few that are asked for now are worth keeping.
    if (this.#eligible.size >= 16) this.#eligible.clear();
    this.#eligible.set(key, eligible);
    return eligible;
  }

  /** Counts by status, for people. */
  toJSON(): Readonly<Record<string, number>> {
    return (this.#countByStatus ??= this.#countedByStatus());
  }

  #countedByStatus(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { record, liquidated } of this.#byId.values()) {
      const state = liquidated ? 'liquidated' : (record?.status ?? 'unknown');
      counts[state] = (counts[state] ?? 0) + 1;
    }
    return counts;
  }
}

/** Whether a validator is asked for in a role at the target epoch: by its status then, not now. */
export function isEligible(
  chain: ChainSpec,
  role: Role,
  { record, liquidated }: Pick<RegisteredValidator, 'record' | 'liquidated'>,
  targetEpoch: Epoch,
): boolean {
  if (record === undefined || liquidated) return false;
  if (role === 'sync-committee') {
    // A committee is chosen a period ahead: a validator may have exited and still owe its messages.
    const servesAfterExit = periodOf(chain, targetEpoch) - periodOf(chain, record.exitEpoch) <= 1;
    return record.activationEpoch <= targetEpoch && servesAfterExit;
  }
  switch (record.status) {
    case 'active_ongoing':
    case 'active_exiting':
      return true;
    case 'pending_queued':
      return record.activationEpoch <= targetEpoch;
    default:
      return false;
  }
}

const RECORD_FIELDS = ['index', 'pubkey', 'status', 'activationEpoch', 'exitEpoch'] as const;

function sameRecord(a: ValidatorRecord | undefined, b: ValidatorRecord): boolean {
  return RECORD_FIELDS.every((field) => a?.[field] === b[field]);
}
