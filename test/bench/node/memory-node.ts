import type { BeaconNode, HeadStreamListener } from '../../../machines/ports.js';
import { epochOf, startSlotOf, type ChainSpec, type Slot } from '../../../machines/rules/chain-time.js';
import { chainSpecOf, DEFAULT_PARAMETERS } from '../../../src/devnet/index.js';
import { branchRoot, pubkeyOf } from './protocol.js';

export interface MemoryNodeOptions {
  readonly slotsPerEpoch: number;
  /** Slots of the epoch that have duties, from its first one on. */
  readonly slotsWithDuties: number;
}

/** A node that answers at once, in this process, without a wire. Nobody proposes, and nobody is in the sync committee. */
export class MemoryNode implements BeaconNode {
  readonly url = 'memory';
  readonly chain: ChainSpec;
  #listener: HeadStreamListener | undefined;

  constructor(private readonly options: MemoryNodeOptions) {
    const { slotsPerEpoch } = options;
    this.chain = chainSpecOf({ ...DEFAULT_PARAMETERS, genesisTimeMs: 0, slotDurationMs: 12_000, slotsPerEpoch });
  }

  /** Tells of a head. */
  head(slot: Slot): void {
    this.#listener?.alive();
    this.#listener?.head({
      slot,
      block: branchRoot(slot),
      previousDutyDependentRoot: branchRoot(0),
      currentDutyDependentRoot: branchRoot(0),
      epochTransition: slot === startSlotOf(this.chain, epochOf(this.chain, slot)),
      executionOptimistic: false,
    });
  }

  getChainSpec(): Promise<ChainSpec> {
    return Promise.resolve(this.chain);
  }

  getSyncStatus() {
    return Promise.resolve({ headSlot: 0, syncDistance: 0, isSyncing: false, isOptimistic: false, elOffline: false });
  }

  getValidators(ids: readonly string[]) {
    return Promise.resolve(
      ids.map((id) => ({
        index: Number(id),
        pubkey: pubkeyOf(Number(id)),
        status: 'active_ongoing' as const,
        activationEpoch: 0,
        exitEpoch: Infinity,
      })),
    );
  }

  getAttesterDuties(epoch: number, indices: Uint32Array) {
    const first = startSlotOf(this.chain, epoch);
    const slot = indices.map((index) => first + (index % this.options.slotsWithDuties));
    const field = () => Uint16Array.from(indices, (index) => index % 64);
    const fields = {
      committeeIndex: field(),
      committeeLength: field(),
      committeesAtSlot: field(),
      validatorCommitteeIndex: field(),
    };
    const columns = { validator: indices.slice(), slot, fields };
    return Promise.resolve({ dependentRoot: branchRoot(0), endpointVersion: 1 as const, columns });
  }

  getProposerDuties(_epoch: number, version: 1 | 2) {
    const columns = { validator: new Uint32Array(0), slot: new Uint32Array(0), fields: {} };
    return Promise.resolve({ dependentRoot: branchRoot(0), endpointVersion: version, columns });
  }

  getSyncCommitteeDuties() {
    const positions = { offsets: new Uint32Array(1), values: new Uint16Array(0) };
    const columns = { validator: new Uint32Array(0), fields: {}, positions };
    return Promise.resolve({ dependentRoot: null, endpointVersion: 1 as const, columns });
  }

  getAttestationData(): never {
    throw new Error('this node is asked for no data');
  }

  getHeadRoot(): never {
    throw new Error('this node is asked for no data');
  }

  subscribeBeaconCommittees(): Promise<void> {
    return Promise.resolve();
  }

  subscribeSyncCommittees(): Promise<void> {
    return Promise.resolve();
  }

  openHeadStream(listener: HeadStreamListener, signal: AbortSignal): void {
    this.#listener = listener;
    signal.addEventListener('abort', () => (this.#listener = undefined), { once: true });
  }
}
