import type { BeaconNode } from '../../machines/ports.js';

/** A node that answers some requests otherwise than the one it stands in front of. */
export function alteredNode(node: BeaconNode, changes: Partial<BeaconNode>): BeaconNode {
  return {
    url: node.url,
    getChainSpec: (...args) => node.getChainSpec(...args),
    getSyncStatus: (...args) => node.getSyncStatus(...args),
    getValidators: (...args) => node.getValidators(...args),
    getAttesterDuties: (...args) => node.getAttesterDuties(...args),
    getProposerDuties: (...args) => node.getProposerDuties(...args),
    getSyncCommitteeDuties: (...args) => node.getSyncCommitteeDuties(...args),
    getAttestationData: (...args) => node.getAttestationData(...args),
    getHeadRoot: (...args) => node.getHeadRoot(...args),
    subscribeBeaconCommittees: (...args) => node.subscribeBeaconCommittees(...args),
    subscribeSyncCommittees: (...args) => node.subscribeSyncCommittees(...args),
    openHeadStream: (...args) => node.openHeadStream(...args),
    ...changes,
  };
}
