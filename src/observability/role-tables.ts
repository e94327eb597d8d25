import { epochOf, startSlotOf, type ChainSpec, type Slot } from '../../machines/rules/chain-time.js';
import type { TableStatus } from '../../machines/rules/duty-plan.js';
import type { DutyKind } from '../../machines/rules/duties.js';
import type { RoleDefinition } from '../../machines/rules/role-definition.js';
import type { RoleState } from './actor-state.js';

/** Whether a role can serve a slot. */
export interface TableReadiness {
  /** Epoch; for the sync committee, period. */
  readonly target: number;
  readonly ready: boolean;
  readonly status: TableStatus | 'not-needed' | 'no-eligible-validator';
}

/** Whether the table that a role needs for a slot is there. One whose refetch failed for another reason than a re-org stays valid. */
export function tableFor({ context }: RoleState, slot: Slot): TableReadiness {
  const { role, chain, plan, registry } = context;
  const from = Math.max(0, slot);
  const target = role.targetOf(chain, from);
  const status = plan.get(target)?.status ?? 'absent';
  if (status === 'ready' || status === 'failed') return { target, ready: true, status };
  if (!role.needs({ ...context, slot: from }).some((need) => need.target === target)) {
    return { target, ready: true, status: 'not-needed' };
  }
  const nobody = registry.eligible(chain, role.role, role.requestEpoch(chain, target, from)).length === 0;
  if (nobody) return { target, ready: true, status: 'no-eligible-validator' };
  return { target, ready: false, status };
}

/** First slot of the epoch after that of a slot. */
export function nextEpochStart(chain: ChainSpec, slot: Slot): Slot {
  return startSlotOf(chain, Math.max(0, epochOf(chain, slot)) + 1);
}

/** How many duties of our validators a role knows in a slot, by kind; undefined where their table is not there. */
export function plannedIn(
  { context }: RoleState,
  slot: Slot,
): { kinds: readonly DutyKind[]; count: number } | undefined {
  const { role, chain, plan, registry } = context;
  const table = plan.get(role.targetOf(chain, slot))?.table;
  if (table === undefined) return undefined;
  const { from, to } = table.rowsAt(slot);
  // Slot 0 is the genesis block's: nobody proposes it.
  if (role.role === 'proposer' && slot === 0) return { kinds: kindsOf(role), count: 0 };
  if (!role.answersNameEveryone) return { kinds: kindsOf(role), count: to - from };
  let count = 0;
  for (let row = from; row < to; row++) if (registry.isActiveMember(table.validator[row]!)) count++;
  return { kinds: kindsOf(role), count };
}

function kindsOf({ kinds }: RoleDefinition): readonly DutyKind[] {
  return kinds.map(({ kind }) => kind);
}
