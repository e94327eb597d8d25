import { epochOf, positionInEpoch } from '../rules/chain-time.js';
import { byEpoch } from './by-epoch.js';
import type { Need, RoleDefinition } from '../rules/role-definition.js';

/** Block proposals. Before Fulu they may change until the epoch begins, so that planning ahead would be guessing. */
export const proposer: RoleDefinition = {
  ...byEpoch('proposer'),
  role: 'proposer',
  kinds: [{ kind: 'proposer', handover: 'slot-start', data: null }],
  answersNameEveryone: true,
  waitsWhileStale: true,
  verifiedEachEpoch: false,
  subscription: null,
  needs({ chain, slot, servesProposerV2 }) {
    const epoch = Math.max(0, epochOf(chain, slot));
    const needs: Need[] = [{ target: epoch, urgency: 'now' }];
    const secondHalf = slot >= 0 && positionInEpoch(chain, slot) >= chain.slotsPerEpoch / 2;
    if (secondHalf && servesProposerV2 && epoch + 1 >= chain.forkEpochs.fulu)
      needs.push({ target: epoch + 1, urgency: 'ahead' });
    return needs;
  },
};
