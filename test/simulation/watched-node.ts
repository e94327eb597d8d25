/** Stands between scheduler and node and writes down every request: what the checks know of the wire comes from here. */
import { BeaconNodeError, type BeaconNode, type Clock, type HeadRoot, type SyncStatus } from '../../machines/ports.js';
import type { Epoch } from '../../machines/rules/chain-time.js';
import type { DutyAnswer, Role } from '../../machines/rules/duties.js';
import type { ValidatorRecord } from '../../machines/rules/validators.js';
import type { InProcessNode, NodeMethod } from '../../src/devnet/index.js';
import { alteredNode } from '../support/altered-node.js';

/** Duties that are asked for. */
export interface AskedDuties {
  readonly role: Role;
  readonly epoch: Epoch;
  /** Validators asked for; a proposer request names none. */
  readonly validators: number;
}

/** A request that begins. */
export interface BegunRequest {
  readonly method: NodeMethod;
  readonly duties?: AskedDuties;
}

/** A request that has ended. */
export interface WatchedRequest extends BegunRequest {
  readonly from: number;
  readonly to: number;
  /** Undefined: it was answered. */
  readonly error: BeaconNodeError | undefined;
}

export interface NodeObserver {
  requested(request: BegunRequest): void;
  ended(request: WatchedRequest): void;
  dutiesAnswered(asked: AskedDuties, answer: DutyAnswer): void;
  /** The node's word on itself; undefined: it could not be reached. */
  statusKnown(status: SyncStatus | undefined): void;
  headRootAnswered(head: HeadRoot): void;
  validatorsAnswered(records: readonly ValidatorRecord[]): void;
}

/** Requests under way, by when they began, and the node that writes them down. */
export interface WatchedNode {
  readonly node: BeaconNode;
  /** Unix ms at which the oldest request under way began; `Infinity` where none is. */
  oldestUnderWay(): number;
}

export function watchedNode(inner: InProcessNode, clock: Clock, observer: NodeObserver): WatchedNode {
  const underWay = new Set<{ readonly from: number }>();

  async function watch<T>(begun: BegunRequest, ask: () => Promise<T>): Promise<T> {
    const from = clock.now();
    const entry = { from };
    underWay.add(entry);
    observer.requested(begun);
    let error: BeaconNodeError | undefined;
    try {
      return await ask();
    } catch (failure) {
      if (failure instanceof BeaconNodeError) error = failure;
      throw failure;
    } finally {
      underWay.delete(entry);
      observer.ended({ ...begun, from, to: clock.now(), error });
    }
  }

  async function watchDuties(method: NodeMethod, duties: AskedDuties, ask: () => Promise<DutyAnswer>) {
    const answer = await watch({ method, duties }, ask);
    observer.dutiesAnswered(duties, answer);
    return answer;
  }

  const node = alteredNode(inner, {
    getChainSpec: (signal) => watch({ method: 'getChainSpec' }, () => inner.getChainSpec(signal)),
    async getSyncStatus(signal) {
      try {
        const status = await watch({ method: 'getSyncStatus' }, () => inner.getSyncStatus(signal));
        observer.statusKnown(status);
        return status;
      } catch (error) {
        if (error instanceof BeaconNodeError && error.kind === 'unreachable') observer.statusKnown(undefined);
        throw error;
      }
    },
    async getValidators(ids, signal) {
      const records = await watch({ method: 'getValidators' }, () => inner.getValidators(ids, signal));
      observer.validatorsAnswered(records);
      return records;
    },
    getAttesterDuties: (epoch, indices, signal) =>
      watchDuties('getAttesterDuties', { role: 'attester', epoch, validators: indices.length }, () =>
        inner.getAttesterDuties(epoch, indices, signal),
      ),
    getProposerDuties: (epoch, version, signal) =>
      watchDuties('getProposerDuties', { role: 'proposer', epoch, validators: 0 }, () =>
        inner.getProposerDuties(epoch, version, signal),
      ),
    getSyncCommitteeDuties: (epoch, indices, signal) =>
      watchDuties('getSyncCommitteeDuties', { role: 'sync-committee', epoch, validators: indices.length }, () =>
        inner.getSyncCommitteeDuties(epoch, indices, signal),
      ),
    getAttestationData: (slot, index, signal) =>
      watch({ method: 'getAttestationData' }, () => inner.getAttestationData(slot, index, signal)),
    async getHeadRoot(signal) {
      const head = await watch({ method: 'getHeadRoot' }, () => inner.getHeadRoot(signal));
      observer.headRootAnswered(head);
      return head;
    },
    subscribeBeaconCommittees: (entries, signal) =>
      watch({ method: 'subscribeBeaconCommittees' }, () => inner.subscribeBeaconCommittees(entries, signal)),
    subscribeSyncCommittees: (entries, signal) =>
      watch({ method: 'subscribeSyncCommittees' }, () => inner.subscribeSyncCommittees(entries, signal)),
    openHeadStream(listener, signal) {
      observer.requested({ method: 'openHeadStream' });
      inner.openHeadStream(listener, signal);
    },
  });
  return {
    node,
    oldestUnderWay: () => Math.min(Infinity, ...[...underWay].map(({ from }) => from)),
  };
}
