/** Bodies of the duties endpoints. */
import { startSlotOf, type Epoch } from '../../../machines/rules/chain-time.js';
import type { NodeView } from '../node-view.js';
import type { Json } from './request.js';

/** `POST /eth/v1/validator/duties/attester/{epoch}`. */
export function attesterDutiesBody(node: NodeView, epoch: Epoch, indices: readonly number[]): DutiesBody {
  const { committees, dependentRoot } = node.attesterDuties(epoch, indices);
  const data: Json[] = [];
  for (const index of indices) {
    const place = committees.placeOf(index);
    if (place === undefined) continue;
    data.push({
      pubkey: node.chain.validators.at(index).pubkey,
      validator_index: String(index),
      committee_index: String(place.committeeIndex),
      committee_length: String(place.committeeLength),
      committees_at_slot: String(committees.committeesAtSlot),
      validator_committee_index: String(place.validatorCommitteeIndex),
      slot: String(place.slot),
    });
  }
  return { data, execution_optimistic: node.isOptimistic(), dependent_root: dependentRoot };
}

/** `GET /eth/v1/validator/duties/proposer/{epoch}` and its v2. */
export function proposerDutiesBody(node: NodeView, epoch: Epoch, version: 1 | 2): DutiesBody {
  const { proposers, dependentRoot } = node.proposerDuties(epoch, version);
  const firstSlot = startSlotOf(node.chain.parameters, epoch);
  const data = Array.from(proposers, (validator, i) => ({
    slot: String(firstSlot + i),
    validator_index: String(validator),
    pubkey: node.chain.validators.at(validator).pubkey,
  }));
  return { data, execution_optimistic: node.isOptimistic(), dependent_root: dependentRoot };
}

/** `POST /eth/v1/validator/duties/sync/{epoch}`. */
export function syncDutiesBody(node: NodeView, epoch: Epoch, indices: readonly number[]): DutiesBody {
  const data: Json[] = [];
  for (const [index, positions] of node.syncDuties(epoch, indices)) {
    data.push({
      pubkey: node.chain.validators.at(index).pubkey,
      validator_index: String(index),
      validator_sync_committee_indices: positions.map(String),
    });
  }
  return { data, execution_optimistic: node.isOptimistic() };
}

/** Duties with what stands beside them. */
export type DutiesBody = {
  readonly data: readonly Json[];
  readonly execution_optimistic: boolean;
  readonly dependent_root?: string;
};
