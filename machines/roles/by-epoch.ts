import { epochOf, startSlotOf } from '../rules/chain-time.js';
import type { Role } from '../rules/duties.js';
import type { RoleDefinition } from '../rules/role-definition.js';

/** What roles with one table an epoch have in common. */
export function byEpoch(role: Role): Pick<RoleDefinition, 'targetOf' | 'span' | 'requestEpoch'> {
  return {
    targetOf: (chain, slot) => epochOf(chain, slot),
    span: (chain, epoch) => ({
      role,
      target: epoch,
      firstSlot: startSlotOf(chain, epoch),
      slotCount: chain.slotsPerEpoch,
    }),
    requestEpoch: (_chain, epoch) => epoch,
  };
}
