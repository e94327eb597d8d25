/** The event stream: topics, and events as server-sent event frames. */
import { stateRootOf } from '../chain.js';
import { RefusedRequest, type NodeView } from '../node-view.js';
import { listParameter, type Json } from './request.js';

/** Topics a node knows; the devnet has events for the first three. */
const TOPICS = [
  'head',
  'block',
  'chain_reorg',
  'attestation',
  'single_attestation',
  'voluntary_exit',
  'proposer_slashing',
  'attester_slashing',
  'bls_to_execution_change',
  'finalized_checkpoint',
  'contribution_and_proof',
  'light_client_optimistic_update',
  'light_client_finality_update',
  'payload_attributes',
  'block_gossip',
  'blob_sidecar',
  'data_column_sidecar',
];

/** Where an event stream is served. */
export const EVENTS_PATH = '/eth/v1/events';

/**
 * The topics a request asks for.
 * @throws RefusedRequest 400 for the whole request when one of them is unknown
 */
export function requestedTopics(query: URLSearchParams): ReadonlySet<string> {
  const topics = listParameter(query, 'topics');
  if (topics.length === 0) throw new RefusedRequest(400, "querystring must have required property 'topics'");
  const unknown = topics.find((topic) => !TOPICS.includes(topic));
  if (unknown !== undefined) throw new RefusedRequest(400, `Invalid topic: ${unknown}`);
  return new Set(topics);
}

/** Writes a node's events of the given topics as frames until the returned function is called. */
export function streamEvents(node: NodeView, topics: ReadonlySet<string>, write: (frame: string) => void): () => void {
  const { chain } = node;
  const send = (topic: string, data: Json): void => {
    if (topics.has(topic)) write(`event: ${topic}\ndata: ${JSON.stringify(data)}\n\n`);
  };
  const stops = [
    chain.on('head', (head) =>
      send('head', {
        slot: String(head.slot),
        block: head.block,
        state: head.state,
        epoch_transition: head.epochTransition,
        previous_duty_dependent_root: head.previousDutyDependentRoot,
        current_duty_dependent_root: head.currentDutyDependentRoot,
        execution_optimistic: node.isOptimistic(),
      }),
    ),
    chain.on('block', (block) =>
      send('block', { slot: String(block.slot), block: block.root, execution_optimistic: node.isOptimistic() }),
    ),
    chain.on('chain_reorg', (reorg) =>
      send('chain_reorg', {
        slot: String(reorg.slot),
        depth: String(reorg.depth),
        old_head_block: reorg.oldHead.root,
        new_head_block: reorg.newHead.root,
        old_head_state: stateRootOf(reorg.oldHead),
        new_head_state: stateRootOf(reorg.newHead),
        epoch: String(reorg.epoch),
        execution_optimistic: node.isOptimistic(),
      }),
    ),
  ];
  return () => stops.forEach((stop) => stop());
}
