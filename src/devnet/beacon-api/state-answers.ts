/** Bodies about the head: validators, block roots, headers, attestation data, sync status. */
import { epochOf, positionInEpoch } from '../../../machines/rules/chain-time.js';
import type { AttestationData, SyncStatus } from '../../../machines/ports.js';
import { stateRootOf } from '../chain.js';
import { blsBytesOf, rootOf } from '../deterministic-random.js';
import type { Block } from '../fork-tree.js';
import { RefusedRequest, type NodeView, type ValidatorView } from '../node-view.js';
import { epochText } from './chain-answers.js';
import type { Json } from './request.js';

const STAKE_GWEI = '32000000000';

/** `data` of `GET /eth/v1/node/syncing`. */
export function syncingBody(status: SyncStatus): Json {
  return {
    head_slot: String(status.headSlot),
    sync_distance: String(status.syncDistance),
    is_syncing: status.isSyncing,
    is_optimistic: status.isOptimistic,
    el_offline: status.elOffline,
  };
}

/** An item of `/eth/v1/beacon/states/{state_id}/validators`. */
export function validatorBody({ validator, status }: ValidatorView): Json {
  return {
    index: String(validator.index),
    balance: STAKE_GWEI,
    status,
    validator: {
      pubkey: validator.pubkey,
      withdrawal_credentials: rootOf('withdrawal', validator.pubkey),
      effective_balance: STAKE_GWEI,
      slashed: validator.slashed,
      activation_eligibility_epoch: epochText(validator.activationEligibilityEpoch),
      activation_epoch: epochText(validator.activationEpoch),
      exit_epoch: epochText(validator.exitEpoch),
      withdrawable_epoch: epochText(validator.withdrawableEpoch),
    },
  };
}

/** The block that a block id names: head, genesis, finalized, a slot or a root. */
export function blockOf(node: NodeView, blockId: string): Block {
  const { chain } = node;
  const finalizedEpoch = epochOf(chain.parameters, chain.head.slot) - 2;
  const named: Record<string, Block> = {
    head: chain.head,
    genesis: chain.genesis,
    finalized: chain.blockAtOrBefore(finalizedEpoch * chain.parameters.slotsPerEpoch),
  };
  const block = named[blockId] ?? (/^\d+$/.test(blockId) ? chain.blockAt(Number(blockId)) : chain.block(blockId));
  if (block === undefined) throw new RefusedRequest(404, `No block found for id '${blockId}'`);
  return block;
}

/** `GET /eth/v1/beacon/blocks/{block_id}/root`. */
export function blockRootBody(node: NodeView, block: Block): Json {
  return { data: { root: block.root }, execution_optimistic: node.isOptimistic(), finalized: isFinalized(node, block) };
}

/** `GET /eth/v1/beacon/headers/{block_id}`. */
export function headerBody(node: NodeView, block: Block): Json {
  const { chain } = node;
  const proposers = chain.proposers(epochOf(chain.parameters, block.slot));
  return {
    data: {
      root: block.root,
      canonical: chain.isCanonical(block),
      header: {
        message: {
          slot: String(block.slot),
          proposer_index: String(proposers[positionInEpoch(chain.parameters, block.slot)] ?? 0),
          parent_root: block.parent,
          state_root: stateRootOf(block),
          body_root: rootOf('body', block.root),
        },
        signature: blsBytesOf(96, 'signature', block.root),
      },
    },
    execution_optimistic: node.isOptimistic(),
    finalized: isFinalized(node, block),
  };
}

/** `data` of `GET /eth/v1/validator/attestation_data`. */
export function attestationDataBody(data: AttestationData): Json {
  return {
    slot: String(data.slot),
    index: String(data.index),
    beacon_block_root: data.beaconBlockRoot,
    source: { epoch: String(data.source.epoch), root: data.source.root },
    target: { epoch: String(data.target.epoch), root: data.target.root },
  };
}

function isFinalized({ chain }: NodeView, block: Block): boolean {
  const finalizedEpoch = epochOf(chain.parameters, chain.head.slot) - 2;
  return (
    finalizedEpoch > 0 && chain.isCanonical(block) && block.slot <= finalizedEpoch * chain.parameters.slotsPerEpoch
  );
}
