/** The requests to a beacon node, as actors: stopping one ends its request. */
import type { NodeRequest, ProbeRequest } from '../../machines/beacon-node/node-context.js';
import type { CollectDataInput } from '../../machines/duty-execution/execution-context.js';
import { BeaconNodeError, type BeaconNode } from '../../machines/ports.js';
import { epochOf, ZERO_ROOT } from '../../machines/rules/chain-time.js';
import type { DutyAnswer } from '../../machines/rules/duties.js';
import type { Subscriptions } from '../../machines/rules/subscriptions.js';
import type { ValidatorId } from '../../machines/rules/validators.js';
import type { SubscriptionRequest } from '../../machines/subscription.machine.js';
import type { DutiesRequest } from '../../machines/table-fetch.machine.js';
import type { NodePool } from '../beacon-node/node-pool.js';
import type { Entrance } from '../entrance/entrance.js';
import { asking, listening } from './asking.js';

/** Well under what a request may name (SPEC §7: 8000). */
const SUBSCRIPTIONS_AT_ONCE = 4000;

/** Asks for the duties of an order. */
export function requestDuties(entrance: Entrance, nodes: NodePool) {
  return asking(
    entrance,
    ({ role, order: { requestEpoch: epoch, endpointVersion: version, asked } }: DutiesRequest) => ({
      what: 'duties' as const,
      role,
      epoch,
      version,
      asked,
    }),
    (request, signal) => nodes.request('duties', (node, life) => dutiesOf(node, request, life), signal),
  );
}

function dutiesOf(node: BeaconNode, { role, order }: DutiesRequest, signal: AbortSignal): Promise<DutyAnswer> {
  switch (role) {
    case 'attester':
      return node.getAttesterDuties(order.requestEpoch, order.asked, signal);
    case 'proposer':
      return node.getProposerDuties(order.requestEpoch, order.endpointVersion, signal);
    case 'sync-committee':
      return node.getSyncCommitteeDuties(order.requestEpoch, order.asked, signal);
  }
}

/** Fetches what the duties of a slot sign over. An optimistic head is nothing to sign over. */
export function collectData(entrance: Entrance, nodes: NodePool) {
  return asking(
    entrance,
    ({ kind, slot }: CollectDataInput) => ({
      what: kind.data === 'attestation-data' ? ('attestation-data' as const) : ('head-root' as const),
      slot,
    }),
    (request, signal) => nodes.request('data', (node, life) => dataOf(node, request, life), signal, request.node),
  );
}

async function dataOf(node: BeaconNode, { kind, slot, chain }: CollectDataInput, signal: AbortSignal) {
  if (kind.data === 'attestation-data') {
    const fromGloas = epochOf(chain, slot) >= chain.forkEpochs.gloas;
    return node.getAttestationData(slot, fromGloas ? undefined : 0, signal);
  }
  const head = await node.getHeadRoot(signal);
  if (head.executionOptimistic) throw new BeaconNodeError('schema', 'the head is optimistic');
  return head;
}

export function askSyncStatus(entrance: Entrance, nodes: NodePool) {
  return asking(
    entrance,
    ({ node }: NodeRequest) => ({ what: 'sync-status' as const, node }),
    ({ node }, signal) => nodes.at(node).getSyncStatus(signal),
  );
}

/**
 * Reads the roots off the attester duties of one validator: those of an epoch carry the previous dependent root of its
 * heads, those of the next epoch the current one.
 */
export function probeRoots(entrance: Entrance, nodes: NodePool) {
  return asking(
    entrance,
    (request: ProbeRequest) => ({ what: 'roots' as const, ...request }),
    async ({ node: number, slot, epoch, index }, signal) => {
      const node = nodes.at(number);
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
export function headStream(entrance: Entrance, nodes: NodePool) {
  return listening(
    entrance,
    'stream',
    ({ node }: NodeRequest, tell, signal) =>
      nodes.at(node).openHeadStream(
        {
          opened: () => undefined,
          alive: () => tell({ type: 'STREAM_ALIVE' }),
          head: (head) => tell({ type: 'STREAM_HEAD', head }),
          malformed: (error) => tell({ type: 'STREAM_MALFORMED', error }),
          closed: (error) => tell({ type: 'STREAM_CLOSED', error }),
        },
        signal,
      ),
    ({ node }) => node,
  );
}

export function lookUpValidators(entrance: Entrance, nodes: NodePool) {
  return asking(
    entrance,
    (ids: readonly ValidatorId[]) => ({ what: 'validators' as const, ids }),
    (ids, signal) => nodes.request('other', (node, life) => node.getValidators(ids, life), signal),
  );
}

export function sendSubscriptions(entrance: Entrance, nodes: NodePool) {
  return asking(
    entrance,
    ({ node, subscriptions: { kind, entries } }: SubscriptionRequest) => {
      return { what: 'subscriptions' as const, node, kind, count: entries.length };
    },
    ({ node: number, subscriptions }, signal) => subscribe(nodes.at(number), subscriptions, signal),
  );
}

/** One lot after the other, so that making 100 000 entries does not hold up the slot's work. */
async function subscribe(node: BeaconNode, lots: Subscriptions, signal: AbortSignal): Promise<void> {
  for (let start = 0; start < lots.entries.length; start += SUBSCRIPTIONS_AT_ONCE) {
    const end = start + SUBSCRIPTIONS_AT_ONCE;
    if (lots.kind === 'beacon-committee') await node.subscribeBeaconCommittees(lots.entries.slice(start, end), signal);
    else await node.subscribeSyncCommittees(lots.entries.slice(start, end), signal);
  }
}
