import type { ChainSpec } from '../../machines/rules/chain-time.js';
import { defaultPolicy, type SchedulingPolicy } from '../../machines/rules/policy.js';
import type { NeedsView, RoleDefinition } from '../../machines/rules/role-definition.js';

export interface NeedsOptions extends Partial<Omit<NeedsView, 'chain' | 'slot' | 'policy'>> {
  readonly policy?: Partial<SchedulingPolicy>;
}

/** The view of a slot, of a process without a past: its record begins with the slot. */
export function needsView(chain: ChainSpec, slot: number, options: NeedsOptions = {}): NeedsView {
  const { policy, ...others } = options;
  return {
    chain,
    slot,
    recordFromSlot: slot,
    servesProposerV2: true,
    ...others,
    policy: { ...defaultPolicy(chain), ...policy },
  };
}

/** What a role needs in a slot, as text: `now 3`, `ahead 4`. */
export function needsIn(role: RoleDefinition, chain: ChainSpec, slot: number, options: NeedsOptions = {}): string[] {
  return role.needs(needsView(chain, slot, options)).map(({ urgency, target }) => `${urgency} ${target}`);
}

/** Every slot of a sync committee period, and some around it. */
export function slotsAroundPeriod(chain: ChainSpec, period: number, around = 3): number[] {
  const length = chain.slotsPerEpoch * chain.epochsPerSyncCommitteePeriod;
  return Array.from({ length: length + 2 * around }, (_, i) => period * length - around + i);
}
