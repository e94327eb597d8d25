import {
  epochOf,
  firstEpochOf,
  periodOf,
  positionInEpoch,
  startSlotOf,
  syncPeriodServing,
  type ChainSpec,
  type Slot,
} from '../rules/chain-time.js';
import type { SchedulingPolicy } from '../rules/policy.js';
import type { Need, RoleDefinition } from '../rules/role-definition.js';

/** Sync committee messages and contributions: one duty per validator and slot of a period, without a root in the API. */
export const syncCommittee: RoleDefinition = {
  role: 'sync-committee',
  kinds: [
    { kind: 'sync-committee', handover: 'head', data: 'head-root' },
    { kind: 'sync-committee-contribution', handover: 'slot-start', data: null },
  ],
  answersNameEveryone: false,
  waitsWhileStale: false,
  verifiedEachEpoch: true,
  subscription: 'sync-committee',
  needs({ chain, policy, slot }) {
    const current = syncPeriodServing(chain, Math.max(0, slot));
    const needs: Need[] = [];
    if (epochOf(chain, Math.max(0, slot + 1)) >= chain.forkEpochs.altair)
      needs.push({ target: current, urgency: 'now' });
    if (inPreparationWindow(chain, policy, slot)) needs.push({ target: current + 1, urgency: 'ahead' });
    return needs;
  },
  targetOf: (chain, slot) => syncPeriodServing(chain, slot),
  span: (chain, period) => ({
    role: 'sync-committee',
    target: period,
    firstSlot: startSlotOf(chain, firstEpochOf(chain, period)) - 1,
    slotCount: chain.epochsPerSyncCommitteePeriod * chain.slotsPerEpoch,
  }),
  requestEpoch: (chain, period, slot) =>
    Math.max(
      0,
      epochOf(chain, slot),
      firstEpochOf(chain, period),
      Math.min(chain.forkEpochs.altair, firstEpochOf(chain, period + 1) - 1),
    ),
};

/** From the middle of the first of the last `syncCommitteePreparationEpochs` epochs until the period's last slot but one. */
function inPreparationWindow(chain: ChainSpec, policy: SchedulingPolicy, slot: Slot): boolean {
  const epoch = epochOf(chain, slot);
  const period = periodOf(chain, epoch);
  // In the period's last slot the next committee is already needed now.
  if (slot < 0 || syncPeriodServing(chain, slot) !== period) return false;
  if (firstEpochOf(chain, period + 1) < chain.forkEpochs.altair) return false;
  const boundary = firstEpochOf(chain, period + 1);
  const firstEpoch = Math.max(firstEpochOf(chain, period), boundary - policy.syncCommitteePreparationEpochs);
  if (epoch > firstEpoch) return true;
  return epoch === firstEpoch && positionInEpoch(chain, slot) >= chain.slotsPerEpoch / 2;
}
