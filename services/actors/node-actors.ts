/** The requests to a beacon node, as actors: stopping one ends its request. */
import { fromCallback, fromPromise } from 'xstate';
import type { ProbeRequest, StreamEvent } from '../../machines/beacon-node.machine.js';
import type { CollectDataInput, CollectedData } from '../../machines/duty-execution.machine.js';
import { BeaconNodeError, type BeaconNode, type SyncStatus } from '../../machines/ports.js';
import { epochOf } from '../../machines/rules/chain-time.js';
import { ZERO_ROOT } from '../../machines/rules/chain-time.js';
import type { ObservedRoots } from '../../machines/rules/dependent-roots.js';
import type { DutyAnswer } from '../../machines/rules/duties.js';
import type { Subscriptions } from '../../machines/rules/subscriptions.js';
import type { ValidatorId, ValidatorRecord } from '../../machines/rules/validators.js';
import type { DutiesRequest } from '../../machines/table-fetch.machine.js';

/** Asks for the duties of an order. */
export function requestDuties(node: BeaconNode) {
  return fromPromise<DutyAnswer, DutiesRequest>(({ input: { role, order }, signal }) => {
    switch (role) {
      case 'attester':
        return node.getAttesterDuties(order.requestEpoch, order.asked, signal);
      case 'proposer':
        return node.getProposerDuties(order.requestEpoch, order.endpointVersion, signal);
      case 'sync-committee':
        return node.getSyncCommitteeDuties(order.requestEpoch, order.asked, signal);
    }
  });
}

/** Fetches what the duties of a slot sign over. An optimistic head is nothing to sign over. */
export function collectData(node: BeaconNode) {
  return fromPromise<CollectedData, CollectDataInput>(async ({ input: { kind, slot, chain }, signal }) => {
    if (kind.data === 'attestation-data') {
      const fromGloas = epochOf(chain, slot) >= chain.forkEpochs.gloas;
      return node.getAttestationData(slot, fromGloas ? undefined : 0, signal);
    }
    const head = await node.getHeadRoot(signal);
    if (head.executionOptimistic) throw new BeaconNodeError('schema', 'the head is optimistic');
    return head;
  });
}

export function askSyncStatus(node: BeaconNode) {
  return fromPromise<SyncStatus>(({ signal }) => node.getSyncStatus(signal));
}

/**
 * Reads the roots off the attester duties of one validator: those of an epoch carry the previous dependent root of its
 * heads, those of the next epoch the current one.
 */
export function probeRoots(node: BeaconNode) {
  return fromPromise<ObservedRoots, ProbeRequest>(async ({ input: { slot, epoch, index }, signal }) => {
    const indices = Uint32Array.of(index);
    const [current, next] = await Promise.all([
      node.getAttesterDuties(epoch, indices, signal),
      node.getAttesterDuties(epoch + 1, indices, signal),
    ]);
    return {
      slot,
      block: undefined,
      previousDutyDependentRoot: current.dependentRoot ?? ZERO_ROOT,
      currentDutyDependentRoot: next.dependentRoot ?? ZERO_ROOT,
    };
  });
}

/** One connection to the node's event stream. */
export function headStream(node: BeaconNode) {
  return fromCallback<StreamEvent>(({ sendBack }) => {
    const connection = new AbortController();
    node.openHeadStream(
      {
        opened: () => undefined,
        alive: () => sendBack({ type: 'STREAM_ALIVE' }),
        head: (head) => sendBack({ type: 'STREAM_HEAD', head }),
        malformed: (error) => sendBack({ type: 'STREAM_MALFORMED', error }),
        closed: (error) => sendBack({ type: 'STREAM_CLOSED', error }),
      },
      connection.signal,
    );
    return () => connection.abort();
  });
}

export function lookUpValidators(node: BeaconNode) {
  return fromPromise<ValidatorRecord[], readonly ValidatorId[]>(({ input, signal }) =>
    node.getValidators(input, signal),
  );
}

export function sendSubscriptions(node: BeaconNode) {
  return fromPromise<void, Subscriptions>(({ input, signal }) =>
    input.kind === 'beacon-committee'
      ? node.subscribeBeaconCommittees(input.entries, signal)
      : node.subscribeSyncCommittees(input.entries, signal),
  );
}
