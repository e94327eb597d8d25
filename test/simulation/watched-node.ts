/** Stands between scheduler and node and writes down every request: what the checks know of the wire comes from here. */
import { BeaconNodeError, type BeaconNode, type Clock, type SyncStatus } from '../../machines/ports.js';
import type { Epoch } from '../../machines/rules/chain-time.js';
import type { DutyAnswer, Role } from '../../machines/rules/duties.js';
import type { InProcessNode, NodeMethod } from '../../src/devnet/index.js';
import { alteredNode } from '../support/altered-node.js';

/** A request that has ended. */
export interface WatchedRequest {
  readonly method: NodeMethod;
  readonly from: number;
  readonly to: number;
  /** Undefined: it was answered. */
  readonly error: BeaconNodeError | undefined;
}

export interface NodeObserver {
  requested(method: NodeMethod): void;
  ended(request: WatchedRequest): void;
  dutiesAnswered(role: Role, epoch: Epoch, answer: DutyAnswer): void;
  /** The node's word on itself; undefined: it could not be reached. */
  statusKnown(status: SyncStatus | undefined): void;
}

/** Requests under way, by when they began, and the node that writes them down. */
export interface WatchedNode {
  readonly node: BeaconNode;
  /** Unix ms at which the oldest request under way began; `Infinity` where none is. */
  oldestUnderWay(): number;
}

export function watchedNode(inner: InProcessNode, clock: Clock, observer: NodeObserver): WatchedNode {
  const underWay = new Set<{ readonly from: number }>();

  async function watch<T>(method: NodeMethod, request: Promise<T>): Promise<T> {
    const from = clock.now();
    const entry = { from };
    underWay.add(entry);
    observer.requested(method);
    let error: BeaconNodeError | undefined;
    try {
      return await request;
    } catch (failure) {
      if (failure instanceof BeaconNodeError) error = failure;
      throw failure;
    } finally {
      underWay.delete(entry);
      observer.ended({ method, from, to: clock.now(), error });
    }
  }

  async function watchDuties(method: NodeMethod, role: Role, epoch: Epoch, request: Promise<DutyAnswer>) {
    const answer = await watch(method, request);
    observer.dutiesAnswered(role, epoch, answer);
    return answer;
  }

  const node = alteredNode(inner, {
    async getSyncStatus(signal) {
      try {
        const status = await watch('getSyncStatus', inner.getSyncStatus(signal));
        observer.statusKnown(status);
        return status;
      } catch (error) {
        if (error instanceof BeaconNodeError && error.kind === 'unreachable') observer.statusKnown(undefined);
        throw error;
      }
    },
    getValidators: (ids, signal) => watch('getValidators', inner.getValidators(ids, signal)),
    getAttesterDuties: (epoch, indices, signal) =>
      watchDuties('getAttesterDuties', 'attester', epoch, inner.getAttesterDuties(epoch, indices, signal)),
    getProposerDuties: (epoch, version, signal) =>
      watchDuties('getProposerDuties', 'proposer', epoch, inner.getProposerDuties(epoch, version, signal)),
    getSyncCommitteeDuties: (epoch, indices, signal) =>
      watchDuties(
        'getSyncCommitteeDuties',
        'sync-committee',
        epoch,
        inner.getSyncCommitteeDuties(epoch, indices, signal),
      ),
    getAttestationData: (slot, index, signal) =>
      watch('getAttestationData', inner.getAttestationData(slot, index, signal)),
    getHeadRoot: (signal) => watch('getHeadRoot', inner.getHeadRoot(signal)),
    subscribeBeaconCommittees: (entries, signal) =>
      watch('subscribeBeaconCommittees', inner.subscribeBeaconCommittees(entries, signal)),
    subscribeSyncCommittees: (entries, signal) =>
      watch('subscribeSyncCommittees', inner.subscribeSyncCommittees(entries, signal)),
    openHeadStream(listener, signal) {
      observer.requested('openHeadStream');
      inner.openHeadStream(listener, signal);
    },
  });
  return {
    node,
    oldestUnderWay: () => Math.min(Infinity, ...[...underWay].map(({ from }) => from)),
  };
}
