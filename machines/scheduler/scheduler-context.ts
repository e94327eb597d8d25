/** What the scheduler machine holds and hears. */
import type { NodeMessage } from '../beacon-node/node-context.js';
import type { RoleInput, RoleMessage } from '../duty-role/role-context.js';
import type { Clock, Random } from '../ports.js';
import type { ClaimLedger } from '../rules/at-most-once.js';
import type { ChainSpec, Slot } from '../rules/chain-time.js';
import type { ObservedRoots, RootChanges } from '../rules/dependent-roots.js';
import type { DutyKind, Role } from '../rules/duties.js';
import type { DeferralReason, TableName } from '../rules/event-log.js';
import type { NodeNumber, NodeStanding } from '../rules/node-choice.js';
import type { SchedulingPolicy } from '../rules/policy.js';
import type { Registry } from '../rules/registry.js';
import type { RoleDefinition } from '../rules/role-definition.js';
import type { ValidatorSourceEvent } from '../rules/validator-changes.js';
import type { ValidatorsMessage } from '../validators.machine.js';

/** A beacon node as the scheduler is told of it. */
export interface KnownNode {
  /** For logs, without credentials. */
  readonly url: string;
  /**
   * `member`: it has told the chain. `absent`: not met yet, asked until it is. `refused`: it is on another chain, or no
   * beacon node, and is never asked again.
   */
  readonly at: 'member' | 'absent' | 'refused';
}

export interface SchedulerInput {
  readonly chain: ChainSpec;
  readonly policy: SchedulingPolicy;
  readonly clock: Clock;
  readonly random: Random;
  readonly claims: ClaimLedger;
  /** In the operator's order of preference; at least one is a member. */
  readonly nodes: readonly KnownNode[];
  /** Oldest slot of which an unbroken record shows what was executed. */
  readonly recordFromSlot: Slot;
  /** Kinds that have an executor. */
  readonly kinds: ReadonlySet<DutyKind>;
  readonly dataFetch: boolean;
}

/** What the slot clock tells. */
export type ClockEvent =
  /** Once per slot, never backwards. */
  | { readonly type: 'TICK'; readonly slot: Slot }
  /** The wall clock was set, or went on while timers slept: what waits for an instant waits wrongly. */
  | { readonly type: 'CLOCK_STEPPED' };

export type SchedulerEvent =
  | ClockEvent
  | NodeMessage
  | ValidatorSourceEvent
  | ValidatorsMessage
  | RoleMessage
  /** A node that was absent at the start has told our chain. */
  | { type: 'NODE_JOINED'; node: NodeNumber }
  /** Everything a head or a probe led to has been decided. */
  | { type: 'ROOTS_HANDLED' };

/** What a head changed, as far as is known while the roles look at it. */
export interface ReorgNote extends RootChanges {
  readonly roots: ObservedRoots;
  /** A probe alone makes no re-org: a healthy node's answers may name another root than its heads. */
  readonly byHead: boolean;
  readonly movedBack: boolean;
  readonly epochTransition: boolean;
  readonly tables: readonly TableName[];
}

export interface SchedulerContext extends SchedulerInput {
  readonly slot: Slot;
  readonly registry: Registry;
  readonly standings: readonly NodeStanding[];
  /** The node that duties, probes, the roots of heads and data come from. */
  readonly leader: NodeNumber;
  /** Why nothing executes now, if so. */
  readonly unfit: DeferralReason | undefined;
  /** Last head of each node: a head is compared with those of its own node only. */
  readonly lastHeads: ReadonlyMap<NodeNumber, ObservedRoots>;
  /** The leader's last head, or a probe since then that proved tables wrong. */
  readonly lastRoots: ObservedRoots | undefined;
  readonly reorg: ReorgNote | undefined;
  /** Roles that are alive: one that crashed hears nothing until it is back. */
  readonly alive: ReadonlySet<Role>;
  /** Nodes whose actors are alive. */
  readonly attached: ReadonlySet<NodeNumber>;
}

/** What a role is started with. */
export function roleInput(role: RoleDefinition, context: SchedulerContext): RoleInput {
  const { chain, policy, clock, random, claims, registry, slot, recordFromSlot, kinds, dataFetch, unfit } = context;
  const nodes = context.standings.flatMap(({ joined }, node) => (joined ? [node] : []));
  return { role, chain, policy, clock, random, claims, registry, slot, recordFromSlot, kinds, dataFetch, unfit, nodes };
}
