/** What a role subscribes at the beacon nodes. */
import type { PlannedTable } from '../rules/duty-plan.js';
import type { DutyTable } from '../rules/duty-table.js';
import type { Cause } from '../rules/event-log.js';
import type { NodeNumber } from '../rules/node-choice.js';
import {
  beaconCommitteeSubscriptions,
  syncCommitteeSubscriptions,
  type Subscriptions,
} from '../rules/subscriptions.js';
import { decided, type RoleContext, type Step } from './role-context.js';

/** Subscribes the duties of a table; `only` these validators (ascending), where given. */
export function subscribeTable(table: DutyTable, cause: Cause, only?: Uint32Array): Step {
  return (context) => subscribe(context, [table], cause, context.nodes, only);
}

/** Subscribes everything again, at every node or at those given: nodes forget, and a node that was away never knew. */
export function subscribeAll(cause: Cause, nodes?: readonly NodeNumber[]): Step {
  return (context) => {
    const isSound = ({ status }: PlannedTable) => status === 'ready' || status === 'failed';
    const tables = [...context.plan.values()].filter(isSound).flatMap(({ table }) => table ?? []);
    return subscribe(context, tables, cause, nodes ?? context.nodes);
  };
}

function subscribe(
  context: RoleContext,
  tables: readonly DutyTable[],
  cause: Cause,
  nodes: readonly NodeNumber[],
  only?: Uint32Array,
) {
  const subscriptions = subscriptionsOf(context, tables, only);
  if (subscriptions === undefined || subscriptions.entries.length === 0) return decided(context);
  return decided(context, { do: 'subscribe', nodes, subscriptions, cause });
}

function subscriptionsOf(
  { role, chain, slot }: RoleContext,
  tables: readonly DutyTable[],
  only?: Uint32Array,
): Subscriptions | undefined {
  switch (role.subscription) {
    case 'beacon-committee':
      return {
        kind: 'beacon-committee',
        entries: beaconCommitteeSubscriptions(tables, slot, only),
      };
    case 'sync-committee':
      return {
        kind: 'sync-committee',
        entries: tables.flatMap((table) => syncCommitteeSubscriptions(chain, table, slot, only)),
      };
    case null:
      return undefined;
  }
}
