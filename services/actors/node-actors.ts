/** The requests to a beacon node, as actors: stopping one ends its request. */
import type { ProbeRequest } from '../../machines/beacon-node.machine.js';
import type { CollectDataInput } from '../../machines/duty-execution.machine.js';
import { BeaconNodeError, type BeaconNode } from '../../machines/ports.js';
import { epochOf, ZERO_ROOT } from '../../machines/rules/chain-time.js';
import type { Subscriptions } from '../../machines/rules/subscriptions.js';
import type { ValidatorId } from '../../machines/rules/validators.js';
import type { DutiesRequest } from '../../machines/table-fetch.machine.js';
import type { Entrance } from '../entrance/entrance.js';
import { asking, listening } from './asking.js';

/** Asks for the duties of an order. */
export function requestDuties(entrance: Entrance, node: BeaconNode) {
  return asking(
    entrance,
    ({ role, order: { requestEpoch: epoch, endpointVersion: version, asked } }: DutiesRequest) => ({
      what: 'duties' as const,
      role,
      epoch,
      version,
      asked,
    }),
    ({ role, order }, signal) => {
      switch (role) {
        case 'attester':
          return node.getAttesterDuties(order.requestEpoch, order.asked, signal);
        case 'proposer':
          return node.getProposerDuties(order.requestEpoch, order.endpointVersion, signal);
        case 'sync-committee':
          return node.getSyncCommitteeDuties(order.requestEpoch, order.asked, signal);
      }
    },
  );
}

/** Fetches what the duties of a slot sign over. An optimistic head is nothing to sign over. */
export function collectData(entrance: Entrance, node: BeaconNode) {
  return asking(
    entrance,
    ({ kind, slot }: CollectDataInput) => ({
      what: kind.data === 'attestation-data' ? ('attestation-data' as const) : ('head-root' as const),
      slot,
    }),
    async ({ kind, slot, chain }, signal) => {
      if (kind.data === 'attestation-data') {
        const fromGloas = epochOf(chain, slot) >= chain.forkEpochs.gloas;
        return node.getAttestationData(slot, fromGloas ? undefined : 0, signal);
      }
      const head = await node.getHeadRoot(signal);
      if (head.executionOptimistic) throw new BeaconNodeError('schema', 'the head is optimistic');
      return head;
    },
  );
}

export function askSyncStatus(entrance: Entrance, node: BeaconNode) {
  return asking(
    entrance,
    () => ({ what: 'sync-status' as const }),
    (_: unknown, signal) => node.getSyncStatus(signal),
  );
}

/**
 * Reads the roots off the attester duties of one validator: those of an epoch carry the previous dependent root of its
 * heads, those of the next epoch the current one.
 */
export function probeRoots(entrance: Entrance, node: BeaconNode) {
  return asking(
    entrance,
    (request: ProbeRequest) => ({ what: 'roots' as const, ...request }),
    async ({ slot, epoch, index }, signal) => {
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
    },
  );
}

/** One connection to the node's event stream. */
export function headStream(entrance: Entrance, node: BeaconNode) {
  return listening(entrance, 'stream', (_: unknown, tell, signal) =>
    node.openHeadStream(
      {
        opened: () => undefined,
        alive: () => tell({ type: 'STREAM_ALIVE' }),
        head: (head) => tell({ type: 'STREAM_HEAD', head }),
        malformed: (error) => tell({ type: 'STREAM_MALFORMED', error }),
        closed: (error) => tell({ type: 'STREAM_CLOSED', error }),
      },
      signal,
    ),
  );
}

export function lookUpValidators(entrance: Entrance, node: BeaconNode) {
  return asking(
    entrance,
    (ids: readonly ValidatorId[]) => ({ what: 'validators' as const, ids }),
    (ids, signal) => node.getValidators(ids, signal),
  );
}

export function sendSubscriptions(entrance: Entrance, node: BeaconNode) {
  return asking(
    entrance,
    ({ kind, entries }: Subscriptions) => ({ what: 'subscriptions' as const, kind, count: entries.length }),
    (subscriptions, signal) =>
      subscriptions.kind === 'beacon-committee'
        ? node.subscribeBeaconCommittees(subscriptions.entries, signal)
        : node.subscribeSyncCommittees(subscriptions.entries, signal),
  );
}
