import type { BeaconCommitteeSubscription, SyncCommitteeSubscription } from '../../machines/ports.js';
import { genesisBody, specBody } from './beacon-api/chain-answers.js';
import { attesterDutiesBody, proposerDutiesBody, syncDutiesBody, type DutiesBody } from './beacon-api/duty-answers.js';
import {
  fieldOf,
  indicesBody,
  integerItem,
  integerParameter,
  listBody,
  listParameter,
  type ApiRequest,
  type ApiResponse,
  type Json,
} from './beacon-api/request.js';
import {
  attestationDataBody,
  blockOf,
  blockRootBody,
  headerBody,
  syncingBody,
  validatorBody,
} from './beacon-api/state-answers.js';
import { ForgottenBlocksError } from './fork-tree.js';
import { RefusedRequest, type NodeView } from './node-view.js';

/** Told of what validators subscribed to. */
export interface SubscriptionListener {
  beaconCommittees(entries: readonly BeaconCommitteeSubscription[]): void;
  syncCommittees(entries: readonly SyncCommitteeSubscription[]): void;
}

interface Asked {
  readonly node: NodeView;
  readonly request: ApiRequest;
  /** The variable parts of the path, in order. */
  readonly parts: readonly string[];
  readonly subscriptions: SubscriptionListener | undefined;
}

interface Route {
  readonly method: 'GET' | 'POST';
  readonly path: RegExp;
  readonly answer: (asked: Asked) => ApiResponse;
}

function ok(body: Json | undefined, headers: Record<string, string> = {}): ApiResponse {
  return { status: 200, headers, body };
}

/** Duties carry their root in a header too. */
function okDuties(duties: DutiesBody): ApiResponse {
  const headers: Record<string, string> = { 'eth-execution-optimistic': String(duties.execution_optimistic) };
  if (duties.dependent_root !== undefined) headers['eth-consensus-dependent-root'] = duties.dependent_root;
  return ok(duties, headers);
}

function okValidators(node: NodeView, ids: readonly string[], statuses: readonly string[]): ApiResponse {
  const data = node.validators(ids, statuses).map(validatorBody);
  return ok({ data, execution_optimistic: node.isOptimistic(), finalized: false });
}

function epochPart({ parts }: Asked): number {
  return integerParameter(parts[0], 'params/epoch');
}

function textItems(items: unknown): string[] {
  return items === undefined || items === null ? [] : listBody(items).map(String);
}

const ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: /^\/eth\/v1\/beacon\/genesis$/,
    answer: ({ node }) => {
      node.assertGenesisKnown();
      return ok({ data: genesisBody(node.chain.parameters) });
    },
  },
  {
    method: 'GET',
    path: /^\/eth\/v1\/config\/spec$/,
    answer: ({ node }) => ok({ data: specBody(node.chain.parameters) }),
  },
  {
    method: 'GET',
    path: /^\/eth\/v1\/node\/syncing$/,
    answer: ({ node }) => ok({ data: syncingBody(node.syncStatus()) }),
  },
  {
    method: 'GET',
    path: /^\/eth\/v1\/node\/version$/,
    answer: () => ok({ data: { version: 'ssv-duty-scheduler-devnet' } }),
  },
  {
    method: 'GET',
    path: /^\/eth\/v1\/node\/health$/,
    answer: ({ node }) => ({ ...ok(undefined), status: node.syncStatus().isSyncing ? 206 : 200 }),
  },
  {
    method: 'GET',
    path: /^\/eth\/v1\/beacon\/states\/head\/validators$/,
    answer: ({ node, request: { query } }) =>
      okValidators(node, listParameter(query, 'id'), listParameter(query, 'status')),
  },
  {
    method: 'POST',
    path: /^\/eth\/v1\/beacon\/states\/head\/validators$/,
    answer: ({ node, request: { body } }) =>
      okValidators(node, textItems(fieldOf(body, 'ids')), textItems(fieldOf(body, 'statuses'))),
  },
  {
    method: 'POST',
    path: /^\/eth\/v1\/validator\/duties\/attester\/([^/]+)$/,
    answer: (asked) => okDuties(attesterDutiesBody(asked.node, epochPart(asked), indicesBody(asked.request.body))),
  },
  {
    method: 'GET',
    path: /^\/eth\/v1\/validator\/duties\/proposer\/([^/]+)$/,
    answer: (asked) => okDuties(proposerDutiesBody(asked.node, epochPart(asked), 1)),
  },
  {
    method: 'GET',
    path: /^\/eth\/v2\/validator\/duties\/proposer\/([^/]+)$/,
    answer: (asked) => okDuties(proposerDutiesBody(asked.node, epochPart(asked), 2)),
  },
  {
    method: 'POST',
    path: /^\/eth\/v1\/validator\/duties\/sync\/([^/]+)$/,
    answer: (asked) => okDuties(syncDutiesBody(asked.node, epochPart(asked), indicesBody(asked.request.body))),
  },
  {
    method: 'GET',
    path: /^\/eth\/v1\/validator\/attestation_data$/,
    answer: ({ node, request: { query } }) => {
      const slot = integerParameter(query.get('slot'), 'querystring/slot');
      const committeeIndex = integerParameter(query.get('committee_index') ?? '0', 'querystring/committee_index');
      return ok({ data: attestationDataBody(node.attestationData(slot, committeeIndex)) });
    },
  },
  {
    method: 'GET',
    path: /^\/eth\/v1\/beacon\/blocks\/([^/]+)\/root$/,
    answer: ({ node, parts }) => ok(blockRootBody(node, blockOf(node, parts[0] ?? ''))),
  },
  {
    method: 'GET',
    path: /^\/eth\/v1\/beacon\/headers\/([^/]+)$/,
    answer: ({ node, parts }) => ok(headerBody(node, blockOf(node, parts[0] ?? ''))),
  },
  {
    method: 'POST',
    path: /^\/eth\/v1\/validator\/beacon_committee_subscriptions$/,
    answer: ({ request: { body }, subscriptions }) => {
      const entries = listBody(body).map((item, i) => ({
        validatorIndex: integerItem(fieldOf(item, 'validator_index'), `/${i}/validator_index`),
        committeeIndex: integerItem(fieldOf(item, 'committee_index'), `/${i}/committee_index`),
        committeesAtSlot: integerItem(fieldOf(item, 'committees_at_slot'), `/${i}/committees_at_slot`),
        slot: integerItem(fieldOf(item, 'slot'), `/${i}/slot`),
        isAggregator: fieldOf(item, 'is_aggregator') === true,
      }));
      subscriptions?.beaconCommittees(entries);
      return ok(undefined);
    },
  },
  {
    method: 'POST',
    path: /^\/eth\/v1\/validator\/sync_committee_subscriptions$/,
    answer: ({ request: { body }, subscriptions }) => {
      const entries = listBody(body).map((item, i) => ({
        validatorIndex: integerItem(fieldOf(item, 'validator_index'), `/${i}/validator_index`),
        syncCommitteeIndices: indicesBody(fieldOf(item, 'sync_committee_indices')),
        untilEpoch: integerItem(fieldOf(item, 'until_epoch'), `/${i}/until_epoch`),
      }));
      subscriptions?.syncCommittees(entries);
      return ok(undefined);
    },
  },
];

/** An error as the Beacon API writes it. */
export function errorResponse(status: number, message: string): ApiResponse {
  return { status, headers: {}, body: { code: status, message } };
}

/** The node's answer to a request; the event stream is not among them. Never throws for a bad request. */
export function answerRequest(node: NodeView, request: ApiRequest, subscriptions?: SubscriptionListener): ApiResponse {
  for (const { method, path, answer } of ROUTES) {
    const match = method === request.method ? path.exec(request.path) : null;
    if (match === null) continue;
    try {
      return answer({ node, request, parts: match.slice(1), subscriptions });
    } catch (error) {
      if (error instanceof RefusedRequest) return errorResponse(error.status, error.message);
      if (error instanceof ForgottenBlocksError) return errorResponse(404, error.message);
      throw error;
    }
  }
  return errorResponse(404, `Route ${request.method}:${request.path} not found`);
}
