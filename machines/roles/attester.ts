import { epochOf, lastSlotOf, positionInEpoch } from '../rules/chain-time.js';
import { oldestLateSlot } from '../rules/late-policy.js';
import { byEpoch } from './by-epoch.js';
import type { Need, RoleDefinition } from '../rules/role-definition.js';

/** Attestations, and their aggregation: fixed an epoch ahead, one duty per validator and epoch. */
export const attester: RoleDefinition = {
  ...byEpoch('attester'),
  role: 'attester',
  kinds: [
    { kind: 'attester', handover: 'head', data: 'attestation-data' },
    { kind: 'aggregator', handover: 'slot-start', data: null },
  ],
  answersNameEveryone: false,
  waitsWhileStale: true,
  verifiedEachEpoch: false,
  subscription: 'beacon-committee',
  needs(view) {
    const { chain, slot } = view;
    const epoch = Math.max(0, epochOf(chain, slot));
    const needs: Need[] = [{ target: epoch, urgency: 'now' }];
    // A late duty of the last epoch may still run: its table is not done with.
    if (epoch > 0 && oldestLateSlot(view) <= lastSlotOf(chain, epoch - 1))
      needs.push({ target: epoch - 1, urgency: 'now' });
    if (slot >= 0 && positionInEpoch(chain, slot) >= chain.slotsPerEpoch / 2)
      needs.push({ target: epoch + 1, urgency: 'ahead' });
    return needs;
  },
};
