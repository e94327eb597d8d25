import type { Slot } from '../../machines/rules/chain-time.js';
import { clusterIdOf } from './cluster-id.js';
import type { Hex } from './contract-types.js';

/** Validators of one owner that are run by the same operators. Immutable. */
export interface Cluster {
  readonly id: Hex;
  readonly owner: Hex;
  /** Operator ids, ascending; the same array for every cluster of these operators. */
  readonly committee: readonly number[];
  readonly liquidated: boolean;
  /** Slot of its last reactivation, where known. */
  readonly reactivatedSlot: Slot | undefined;
}

/** A validator that was added and not removed since. Immutable. */
export interface ContractValidator {
  readonly publicKey: Hex;
  readonly clusterId: Hex;
  readonly addedBlock: number;
  /** Slot of that block, where known. */
  readonly addedSlot: Slot | undefined;
}

/** What validators and clusters were before some changes, by public key and id; undefined: they were not there. */
export interface Undo {
  readonly validators: Map<Hex, ContractValidator | undefined>;
  readonly clusters: Map<Hex, Cluster | undefined>;
}

export function emptyUndo(): Undo {
  return { validators: new Map(), clusters: new Map() };
}

/** Validators and clusters, with the members of each cluster. */
export class RegistryState {
  readonly #validators = new Map<Hex, ContractValidator>();
  readonly #clusters = new Map<Hex, Cluster>();
  readonly #members = new Map<Hex, Set<Hex>>();
  readonly #committees = new Map<string, readonly number[]>();
  /** Ids of clusters by owner and operators: a lookup costs a tenth of the hash. */
  readonly #clusterIds = new Map<string, Hex>();

  get validatorCount(): number {
    return this.#validators.size;
  }

  get clusterCount(): number {
    return this.#clusters.size;
  }

  validators(): IterableIterator<ContractValidator> {
    return this.#validators.values();
  }

  clusters(): IterableIterator<Cluster> {
    return this.#clusters.values();
  }

  validator(publicKey: Hex): ContractValidator | undefined {
    return this.#validators.get(publicKey);
  }

  cluster(id: Hex): Cluster | undefined {
    return this.#clusters.get(id);
  }

  /** Public keys of a cluster's validators, in the order they were added. */
  members(clusterId: Hex): ReadonlySet<Hex> {
    return this.#members.get(clusterId) ?? NOBODY;
  }

  /** The cluster of an owner and operators; a new one where it was never heard of, not kept until it is put. */
  clusterOf(owner: Hex, operatorIds: readonly number[]): Cluster {
    const id = this.#clusterIds.get(nameOf(owner, operatorIds)) ?? clusterIdOf(owner, operatorIds);
    return (
      this.#clusters.get(id) ?? { id, owner, committee: operatorIds, liquidated: false, reactivatedSlot: undefined }
    );
  }

  /** Puts a validator, or removes it with `undefined`; `undo` remembers what was before the first change of it. */
  putValidator(publicKey: Hex, validator: ContractValidator | undefined, undo?: Undo): void {
    const before = this.#validators.get(publicKey);
    if (undo !== undefined && !undo.validators.has(publicKey)) undo.validators.set(publicKey, before);
    if (before !== undefined) this.#leave(before);
    if (validator === undefined) {
      this.#validators.delete(publicKey);
      return;
    }
    const members = this.#members.get(validator.clusterId) ?? new Set();
    this.#members.set(validator.clusterId, members.add(publicKey));
    this.#validators.set(publicKey, validator);
  }

  /** Puts a cluster, or removes it with `undefined`, as {@link putValidator} does. */
  putCluster(id: Hex, cluster: Cluster | undefined, undo?: Undo): void {
    const before = this.#clusters.get(id);
    if (undo !== undefined && !undo.clusters.has(id)) undo.clusters.set(id, before);
    if (cluster === undefined) {
      this.#clusters.delete(id);
      if (before !== undefined) this.#clusterIds.delete(nameOf(before.owner, before.committee));
      return;
    }
    const committee = this.#shared(cluster.committee);
    this.#clusters.set(id, committee === cluster.committee ? cluster : { ...cluster, committee });
    this.#clusterIds.set(nameOf(cluster.owner, committee), id);
  }

  #leave({ publicKey, clusterId }: ContractValidator): void {
    const members = this.#members.get(clusterId);
    members?.delete(publicKey);
    if (members?.size === 0) this.#members.delete(clusterId);
  }

  #shared(operatorIds: readonly number[]): readonly number[] {
    const name = operatorIds.join();
    const known = this.#committees.get(name);
    if (known === undefined) this.#committees.set(name, operatorIds);
    return known ?? operatorIds;
  }
}

const NOBODY: ReadonlySet<Hex> = new Set();

function nameOf(owner: Hex, operatorIds: readonly number[]): string {
  return `${owner} ${operatorIds.join()}`;
}
