import type { Actor } from 'xstate';
import type { beaconNodeMachine } from '../machines/beacon-node.machine.js';
import type { dutyRoleMachine } from '../machines/duty-role.machine.js';
import { epochOf, type ChainSpec, type Slot } from '../machines/rules/chain-time.js';
import { ROLES, type DutyKind } from '../machines/rules/duties.js';
import type { SchedulerActor } from '../services/actors/scheduler-logic.js';

/** A summary of a scheduler's state, as plain data. */
export interface SchedulerSnapshot {
  readonly slot: Slot;
  readonly epoch: number;
  readonly chain: ChainSpec;
  /** Why nothing executes now, if so. */
  readonly unfit: string | undefined;
  /** Validators by status. */
  readonly validators: Readonly<Record<string, number>>;
  readonly roles: Readonly<Record<string, RoleSnapshot>>;
  /** In the order of preference. */
  readonly nodes: readonly NodeSnapshot[];
}

export interface NodeSnapshot {
  /** Without credentials. */
  readonly url: string;
  /** Duties, heads' roots and data come from it. */
  readonly leads: boolean;
  /** It was met, and is on our chain. */
  readonly joined: boolean;
  /** Why it may not be acted on, if so. */
  readonly unfit: string | undefined;
  /** Time its last status answer took, in ms. */
  readonly latencyMs: number | undefined;
  /** Slot of its last head. */
  readonly headSlot: Slot | undefined;
}

export interface RoleSnapshot {
  readonly schedule: string;
  readonly execution: string;
  readonly tables: readonly {
    readonly target: number;
    readonly status: string;
    readonly dependentRoot: string | null;
    readonly duties: number;
  }[];
  /** Batches that wait for their moment, or are handed over. */
  readonly batches: readonly {
    readonly kind: DutyKind;
    readonly slot: Slot;
    readonly triggered: boolean;
    readonly duties: number;
  }[];
}

type NodeState = ReturnType<Actor<typeof beaconNodeMachine>['getSnapshot']>;
export type RoleState = ReturnType<Actor<typeof dutyRoleMachine>['getSnapshot']>;

/** The states of the roles that are alive. */
export function roleStates(actor: SchedulerActor): RoleState[] {
  const children = actor.getSnapshot().children as Record<string, { getSnapshot(): unknown } | undefined>;
  return ROLES.flatMap((role) => {
    const child = children[role];
    return child === undefined ? [] : [child.getSnapshot() as RoleState];
  });
}

/** The state of a scheduler, summed up. */
export function snapshotOf(actor: SchedulerActor): SchedulerSnapshot {
  const { slot, chain, unfit, registry } = actor.getSnapshot().context;
  const roles: Record<string, RoleSnapshot> = {};
  for (const { context, value } of roleStates(actor)) {
    const tables = [...context.plan.values()].map(({ target, status, table }) => ({
      target,
      status,
      dependentRoot: table?.dependentRoot ?? null,
      duties: table?.size ?? 0,
    }));
    const batches = [...context.executions.values()].map(({ kind, slot: dutySlot, triggered, duties }) => ({
      kind,
      slot: dutySlot,
      triggered,
      duties: duties.length,
    }));
    roles[context.role.role] = { schedule: value.schedule, execution: value.execution, tables, batches };
  }
  return {
    slot,
    epoch: epochOf(chain, slot),
    chain,
    unfit,
    validators: registry.toJSON(),
    roles,
    nodes: nodesOf(actor),
  };
}

function nodesOf(actor: SchedulerActor): NodeSnapshot[] {
  const { context, children } = actor.getSnapshot();
  const { nodes, standings, leader, lastHeads } = context;
  return nodes.map(({ url }, node) => {
    const { joined, unfit } = standings[node]!;
    const child = (children as Record<string, { getSnapshot(): unknown } | undefined>)[`beacon-node-${node + 1}`];
    const { latencyMs } = (child?.getSnapshot() as NodeState | undefined)?.context ?? {};
    return { url, leads: node === leader, joined, unfit, latencyMs, headSlot: lastHeads.get(node)?.slot };
  });
}
