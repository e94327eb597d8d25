/** What a role machine holds, hears and commands. */
import type { Clock, HeadEvent, Random } from '../ports.js';
import type { ClaimLedger } from '../rules/at-most-once.js';
import type { ChainSpec, Epoch, Root, Slot } from '../rules/chain-time.js';
import type { ObservedRoots } from '../rules/dependent-roots.js';
import type { Duty, DutyAnswer, DutyKind, Role, ValidatorIndex } from '../rules/duties.js';
import type { FetchOrder, Plan } from '../rules/duty-plan.js';
import type { Cause, DeferralReason, Report, TableName } from '../rules/event-log.js';
import type { NodeNumber } from '../rules/node-choice.js';
import type { SchedulingPolicy } from '../rules/policy.js';
import type { Registry } from '../rules/registry.js';
import type { RoleDefinition } from '../rules/role-definition.js';
import type { Subscriptions } from '../rules/subscriptions.js';
import type { FetchFailure } from '../table-fetch.machine.js';
import type { ExecutionInput, ExecutionUpdate, SeenHead } from '../duty-execution/execution-context.js';

/** What a role is started with; the same again after a crash. */
export interface RoleInput {
  readonly role: RoleDefinition;
  readonly chain: ChainSpec;
  readonly policy: SchedulingPolicy;
  readonly clock: Clock;
  readonly random: Random;
  readonly claims: ClaimLedger;
  readonly registry: Registry;
  readonly slot: Slot;
  readonly recordFromSlot: Slot;
  /** Kinds that have an executor. */
  readonly kinds: ReadonlySet<DutyKind>;
  /** Whether the scheduler fetches the data that duties sign over. */
  readonly dataFetch: boolean;
  /** Why nothing may execute now, if so. */
  readonly unfit: DeferralReason | undefined;
  /** Nodes that are to be subscribed. */
  readonly nodes: readonly NodeNumber[];
}

/** A batch of duties on its way: waiting, or handed over. */
export interface ExecutionRecord {
  readonly id: string;
  readonly kind: DutyKind;
  readonly slot: Slot;
  readonly duties: readonly Duty[];
  /** It has come due: its duties may still be called off, but none may join. */
  readonly triggered: boolean;
  /** Its hand-over time had passed when it was armed. */
  readonly late: boolean;
  /** Its duties are claimed, and with the executor. */
  readonly handedOver: boolean;
  /** What it was told last of older attestations. */
  readonly olderOnTheWay: boolean;
}

export interface RoleContext extends RoleInput {
  readonly startSlot: Slot;
  readonly plan: Plan;
  readonly executions: ReadonlyMap<string, ExecutionRecord>;
  readonly roots: ObservedRoots | undefined;
  /** Current dependent root of the last head of each of the last few epochs; probes have no say in it. */
  readonly currentRoots: ReadonlyMap<Epoch, Root>;
  /** Heads of the current slot and, where a head is faster than our tick, of later ones. */
  readonly heads: readonly SeenHead[];
  readonly servesProposerV1: boolean;
  readonly servesProposerV2: boolean;
  /** Of the last fetch. */
  readonly generation: number;
  /** Whether a tick has come: the first may be for the slot in which the role started. */
  readonly ticked: boolean;
}

export type RoleEvent =
  | { type: 'TICK'; slot: Slot }
  /** Timers no longer wake when the wall clock says so. */
  | { type: 'CLOCK_STEPPED' }
  | { type: 'HEAD'; node: NodeNumber; head: HeadEvent; at: number }
  /** A head of a node that does not lead: it may trigger, and says nothing of the tables. */
  | { type: 'OTHER_HEAD'; node: NodeNumber; head: HeadEvent; at: number }
  /** A probe's view of the roots. */
  | { type: 'ROOTS'; roots: ObservedRoots }
  | {
      type: 'REGISTRY_CHANGED';
      registry: Registry;
      added: readonly ValidatorIndex[];
      removed: readonly ValidatorIndex[];
      initial: boolean;
    }
  | { type: 'NODE_FITNESS'; unfit: DeferralReason | undefined }
  /** A node joined, came back after an error, has resynced, or leads from now on. */
  | { type: 'RECONNECTED'; node: NodeNumber; leads: boolean }
  | { type: 'TABLE_FETCHED'; target: number; generation: number; answer: DutyAnswer; tookMs: number }
  | ({ type: 'TABLE_FETCH_FAILED'; target: number; generation: number } & FetchFailure)
  | { type: 'TABLE_FETCH_RETRIED'; target: number; generation: number }
  | { type: 'EXECUTION_TRIGGERED'; id: string }
  | { type: 'EXECUTION_HANDED_OVER'; id: string };

/** What a role decides; the machine carries it out. */
export type RoleCommand =
  | { readonly do: 'report'; readonly report: Report }
  | { readonly do: 'fetch'; readonly id: string; readonly order: FetchOrder; readonly generation: number }
  | { readonly do: 'stop-fetch'; readonly id: string }
  | { readonly do: 'execute'; readonly id: string; readonly input: ExecutionInput }
  | { readonly do: 'update-execution'; readonly id: string; readonly update: ExecutionUpdate }
  | { readonly do: 'meet-node'; readonly node: NodeNumber }
  | {
      readonly do: 'subscribe';
      readonly nodes: readonly NodeNumber[];
      readonly subscriptions: Subscriptions;
      readonly cause: Cause;
    }
  | { readonly do: 'tell-parent'; readonly message: RoleMessage };

/** What a role tells the scheduler. */
export type RoleMessage =
  | { type: 'TABLES_STALE'; tables: readonly TableName[] }
  | { type: 'NODE_INCONSISTENT' }
  /** A decision threw. Said rather than thrown: XState leaves the children of an actor that throws alive, without a parent. */
  | { type: 'ROLE_CRASHED'; role: Role; error: unknown };

/** A decision: the role afterwards, and what is to be done. */
export interface Decision {
  readonly context: RoleContext;
  readonly commands: readonly RoleCommand[];
}

/** A part of a decision. */
export type Step = (context: RoleContext) => Decision;

/** A decision that changes the role only. */
export function decided(context: RoleContext, ...commands: RoleCommand[]): Decision {
  return { context, commands };
}

/** Steps one after the other, each on what the last one left. */
export function inOrder(...steps: readonly Step[]): Step {
  return (context) => {
    const commands: RoleCommand[] = [];
    for (const step of steps) {
      const decision = step(context);
      context = decision.context;
      commands.push(...decision.commands);
    }
    return { context, commands };
  };
}
