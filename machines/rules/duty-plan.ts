/**
 * The plan of a role: which tables there are, and what is missing (SPEC §2, §3, §5, §8). "Needed minus ready": start,
 * tick, head, validator change, reconnect and retry all only evaluate {@link fetchOrders} again; nothing is remembered
 * as "current" or "next", so nothing moves under our feet at a boundary.
 */
import { epochOf, type ChainSpec, type Epoch, type Root, type Slot } from './chain-time.js';
import { requiredRoot, type ObservedRoots } from './dependent-roots.js';
import type { DutyAnswer, ValidatorIndex } from './duties.js';
import { DutyTable } from './duty-table.js';
import { NO_DIFF, diffTables, isEmptyDiff, type DutyDiff } from './table-diff.js';
import type { Cause, TableName } from './event-log.js';
import { difference } from './index-columns.js';
import type { SchedulingPolicy } from './policy.js';
import type { Registry } from './registry.js';
import type { Need, RoleDefinition } from './role-definition.js';
import { NO_ROOT_DISPUTES, type RootDisputes } from './root-disputes.js';

/** A fetch under way, or waiting to be tried again. */
export interface FetchUnderWay {
  /** Tells it from an earlier fetch of the same table, whose answer may still be on its way. */
  readonly generation: number;
  /** `delta`: for new validators only, to be merged. */
  readonly mode: 'full' | 'delta';
  readonly cause: Cause;
  readonly asked: Uint32Array;
  readonly endpointVersion: 1 | 2;
  /** Root that the answer must carry, as far as was known when it started. */
  readonly requiredRoot: Root | undefined;
  /** Failed attempts so far. */
  readonly failures: number;
  /** It failed and waits for its next attempt. */
  readonly waiting: boolean;
}

/** *Failed*: a refetch for another reason than a re-org failed, and the old table stays valid. */
export type TableStatus = 'absent' | 'ready' | 'stale' | 'failed';

export interface PlannedTable {
  readonly target: number;
  readonly status: TableStatus;
  readonly table: DutyTable | undefined;
  readonly fetch: FetchUnderWay | undefined;
  /** Eligible validators (by identity) that the table is known to be complete for. */
  readonly completeFor: Uint32Array | undefined;
  /** Table whose duties have been armed: while a newer one is stale, its news wait for the next swap. */
  readonly armed: DutyTable | undefined;
  /** Epoch (negative before genesis) in which the table was last fetched whole; `-Infinity`: to be verified. */
  readonly verifiedEpoch: Epoch;
  /** Slot in which a head last proved the table wrong. */
  readonly reorgSlot: Slot | undefined;
  readonly disputes: RootDisputes;
}

export type Plan = ReadonlyMap<number, PlannedTable>;

/** What the plan is evaluated against. */
export interface PlanView {
  readonly role: RoleDefinition;
  readonly chain: ChainSpec;
  readonly policy: SchedulingPolicy;
  readonly slot: Slot;
  readonly recordFromSlot: Slot;
  readonly servesProposerV2: boolean;
  readonly servesProposerV1: boolean;
  readonly registry: Registry;
  readonly roots: ObservedRoots | undefined;
  /** Slot of the first evaluation: what is needed then is warm-up, later needs open at a boundary. */
  readonly startSlot: Slot;
  readonly plan: Plan;
}

/** What makes the plan be evaluated: a slot's start, a change, or that a fetch ended. */
export type Occasion = 'tick' | 'validators-changed' | 'reorg' | 'reconnect' | 'fetch-ended';

/** A fetch to start now; it takes the place of one under way for the same table. */
export interface FetchOrder {
  readonly target: number;
  readonly requestEpoch: Epoch;
  readonly mode: 'full' | 'delta';
  readonly cause: Cause;
  readonly asked: Uint32Array;
  readonly endpointVersion: 1 | 2;
  readonly requiredRoot: Root | undefined;
  /** Failed attempts that this order goes on from. */
  readonly failures: number;
}

const ABSENT: Omit<PlannedTable, 'target'> = {
  status: 'absent',
  table: undefined,
  fetch: undefined,
  completeFor: undefined,
  armed: undefined,
  verifiedEpoch: -Infinity,
  reorgSlot: undefined,
  disputes: NO_ROOT_DISPUTES,
};

/** The planned table of a target, absent where there is none. */
export function plannedTable(plan: Plan, target: number): PlannedTable {
  return plan.get(target) ?? { target, ...ABSENT };
}

/** The plan with a planned table changed. */
export function withTable(plan: Plan, target: number, change: Partial<PlannedTable>): Plan {
  return new Map(plan).set(target, { ...plannedTable(plan, target), ...change });
}

/** Name of a table in the event log. */
export function tableName(role: RoleDefinition, target: number): TableName {
  return role.role === 'sync-committee' ? { role: role.role, period: target } : { role: role.role, epoch: target };
}

/** The fetches that are needed and not yet under way, the most urgent first. */
export function fetchOrders(view: PlanView, occasion: Occasion): FetchOrder[] {
  const orders: FetchOrder[] = [];
  for (const need of view.role.needs(view)) {
    const order = orderFor(view, need, occasion);
    if (order !== undefined) orders.push(order);
  }
  return orders;
}

function orderFor(view: PlanView, need: Need, occasion: Occasion): FetchOrder | undefined {
  const planned = plannedTable(view.plan, need.target);
  const eligible = eligibleFor(view, need.target);
  if (eligible.length === 0) return undefined;
  const mode = missingPart(view, planned, eligible);
  if (mode === undefined) return undefined;
  const asked = mode === 'delta' ? difference(eligible, planned.table!.asked) : eligible;
  if (planned.fetch !== undefined && !isOvertaken(planned.fetch, mode, asked, occasion)) return undefined;
  const endpointVersion = proposerVersion(view, need.target);
  return {
    target: need.target,
    requestEpoch: view.role.requestEpoch(view.chain, need.target, view.slot),
    mode,
    cause: causeOf(view, planned, need, mode, occasion),
    asked,
    endpointVersion,
    requiredRoot: currentRequirement(view, endpointVersion, need.target),
    failures: planned.fetch?.waiting === true && occasion === 'tick' ? planned.fetch.failures : 0,
  };
}

/**
 * The plan with every table marked that lacks no validator. It spares the ticks after a change of the registry a
 * comparison that grows with the number of validators.
 */
export function markComplete(view: PlanView): Plan {
  let { plan } = view;
  for (const planned of view.plan.values()) {
    if (planned.table === undefined || view.role.answersNameEveryone) continue;
    const eligible = eligibleFor(view, planned.target);
    if (planned.completeFor === eligible || difference(eligible, planned.table.asked).length > 0) continue;
    plan = withTable(plan, planned.target, { completeFor: eligible });
  }
  return plan;
}

/**
 * Who is asked for in a table. Of one whose slots are over, only validators that may still run duties in it: whoever was
 * added or reactivated after them has none.
 */
function eligibleFor({ role, chain, policy, registry, slot }: PlanView, target: number): Uint32Array {
  const { firstSlot, slotCount } = role.span(chain, target);
  const isOver = firstSlot + slotCount <= slot && !policy.lateAfterReactivation;
  const requestEpoch = role.requestEpoch(chain, target, slot);
  return registry.eligible(chain, role.role, requestEpoch, isOver ? firstSlot + slotCount - 1 : Infinity);
}

/** What a table lacks: everything, new validators, or nothing. */
function missingPart(view: PlanView, planned: PlannedTable, eligible: Uint32Array): 'full' | 'delta' | undefined {
  if (planned.status !== 'ready' || planned.table === undefined) return 'full';
  if (view.role.verifiedEachEpoch && planned.verifiedEpoch < epochOf(view.chain, view.slot)) return 'full';
  if (view.role.answersNameEveryone || planned.completeFor === eligible) return undefined;
  return difference(eligible, planned.table.asked).length > 0 ? 'delta' : undefined;
}

/** What ends the pause after a failure: a new slot, and a node that is back. */
function isFreshStart(occasion: Occasion): boolean {
  return occasion === 'tick' || occasion === 'reconnect';
}

/**
 * Whether a fetch under way must start over. One that waits for its retry does at the next tick, when the node is back,
 * or when validators came meanwhile; one that is being answered goes on: what it misses follows in a delta.
 */
function isOvertaken(fetch: FetchUnderWay, mode: 'full' | 'delta', asked: Uint32Array, occasion: Occasion): boolean {
  if (fetch.mode === 'delta' && mode === 'full') return true;
  if (!fetch.waiting) return false;
  return isFreshStart(occasion) || (occasion === 'validators-changed' && difference(asked, fetch.asked).length > 0);
}

function causeOf(view: PlanView, planned: PlannedTable, need: Need, mode: 'full' | 'delta', occasion: Occasion): Cause {
  if (planned.fetch?.waiting === true && isFreshStart(occasion)) return 'retry';
  if (planned.status === 'stale') return 'reorg';
  if (planned.status === 'failed') return 'retry';
  if (mode === 'delta') return 'validators-changed';
  if (planned.status === 'ready') return occasion === 'reconnect' ? 'reconnect' : 'epoch-start';
  if (need.urgency === 'ahead') return 'look-ahead';
  if (occasion === 'validators-changed') return 'validators-changed';
  return need.target <= view.role.targetOf(view.chain, Math.max(0, view.startSlot)) ? 'warm-up' : 'epoch-start';
}

/** v2 names proposers an epoch ahead from Fulu on; before that v1 is what every node serves. */
function proposerVersion(view: PlanView, target: number): 1 | 2 {
  if (!view.servesProposerV2) return 1;
  if (!view.servesProposerV1) return 2;
  return view.role.role === 'proposer' && target >= view.chain.forkEpochs.fulu ? 2 : 1;
}

/** Root that a table must carry by what the node last said; undefined where it says nothing of it. */
function currentRequirement(view: PlanView, endpointVersion: 1 | 2, target: number): Root | undefined {
  if (view.roots === undefined) return undefined;
  return requiredRoot(view.chain, view.role.role, endpointVersion, target, view.roots);
}

/** Only a head confirms a root: a probe reads it off the very answers that may be wrong. */
function confirmed({ roots }: PlanView, disputes: RootDisputes, root: Root): RootDisputes {
  return roots?.block === undefined ? disputes : disputes.confirm(root);
}

/** Fetches that nobody needs any more: the table's time is over, or whoever a retry would ask for has left. */
export function obsoleteFetches(view: PlanView): PlannedTable[] {
  const needed = new Set(view.role.needs(view).map((need) => need.target));
  const isObsolete = ({ target, table, fetch }: PlannedTable) => {
    if (fetch === undefined) return false;
    if (!needed.has(target)) return true;
    if (!fetch.waiting) return false;
    const eligible = eligibleFor(view, target);
    if (eligible.length === 0) return true;
    return fetch.mode === 'delta' && difference(eligible, table!.asked).length === 0;
  };
  return [...view.plan.values()].filter(isObsolete);
}

/** The plan without tables older than the previous epoch (period); one being fetched goes when its fetch is called off. */
export function prunedPlan({ plan, role, chain, slot }: PlanView): Plan {
  const oldest = role.targetOf(chain, slot) - 1;
  const kept = [...plan].filter(([target, { fetch }]) => target >= oldest || fetch !== undefined);
  return kept.length === plan.size ? plan : new Map(kept);
}

/** What a head or a probe says about the tables. */
export interface RootVerdict {
  readonly plan: Plan;
  /** Tables that must be fetched again now, with the fetch that is thereby cancelled; `news`: for the first time for these roots. */
  readonly stale: readonly {
    readonly target: number;
    readonly cancelled: FetchUnderWay | undefined;
    readonly news: boolean;
  }[];
  /** Tables that a head proved right again while they were being refetched. */
  readonly restored: readonly { readonly target: number; readonly cancelled: FetchUnderWay | undefined }[];
}

/** Compares every table, and every fetch under way, with the roots a node names. */
export function compareRoots(view: PlanView): RootVerdict {
  let { plan } = view;
  const stale: RootVerdict['stale'][number][] = [];
  const restored: RootVerdict['restored'][number][] = [];
  for (const planned of view.plan.values()) {
    const { target, table, fetch, disputes } = planned;
    const version = fetch?.endpointVersion ?? table?.endpointVersion ?? 1;
    const required = currentRequirement(view, version, target);
    if (required === undefined) continue;
    if (table?.dependentRoot === required) {
      const wasStale = planned.status === 'stale';
      plan = withTable(plan, target, {
        disputes: confirmed(view, disputes, required),
        ...(wasStale && { status: 'ready', fetch: undefined }),
      });
      if (wasStale) restored.push({ target, cancelled: fetch });
      continue;
    }
    if (fetch?.mode === 'full' && fetch.requiredRoot === required) continue;
    if (table === undefined) {
      if (fetch?.requiredRoot === undefined) continue;
    } else if (!disputes.mayRefetch(required, table.dependentRoot, view.slot)) continue;
    plan = withTable(plan, target, {
      status: table === undefined ? 'absent' : 'stale',
      fetch: undefined,
      reorgSlot: view.slot,
      disputes: table === undefined ? disputes : disputes.refetching(required, table.dependentRoot, view.slot),
    });
    const news = table !== undefined && !disputes.isKnown(required, table.dependentRoot);
    stale.push({ target, cancelled: fetch, news });
  }
  return { plan, stale, restored };
}

/** What becomes of an answer. */
export interface Adoption {
  readonly plan: Plan;
  /** The table before and after; undefined where the answer was not taken in. */
  readonly swap:
    { readonly before: DutyTable | undefined; readonly after: DutyTable; readonly diff: DutyDiff } | undefined;
  /** Different duties under a root that still does not match: the node contradicts itself. */
  readonly inconsistent: boolean;
}

/** Takes in the answer of the fetch under way for a table: fetch, then swap, in one step. */
export function adoptAnswer(view: PlanView, target: number, answer: DutyAnswer): Adoption {
  const planned = plannedTable(view.plan, target);
  const fetch = planned.fetch!;
  const before = planned.table;
  if (fetch.mode === 'delta' && before !== undefined) {
    if (answer.dependentRoot !== before.dependentRoot) {
      // The chain moved between the table and its addition: only a whole new table is consistent.
      const plan = withTable(view.plan, target, { status: 'stale', fetch: undefined, reorgSlot: view.slot });
      return { plan, swap: undefined, inconsistent: false };
    }
    return swapped(view, planned, before.merge(answer, fetch.asked), { status: planned.status });
  }
  const { columns, dependentRoot, endpointVersion } = answer;
  const after = DutyTable.build({
    span: view.role.span(view.chain, target),
    dependentRoot,
    endpointVersion,
    asked: fetch.asked,
    columns,
  });
  const required = currentRequirement(view, endpointVersion, target);
  const verifiedEpoch = epochOf(view.chain, view.slot);
  if (required === undefined || required === dependentRoot) {
    const disputes = required === undefined ? planned.disputes : confirmed(view, planned.disputes, required);
    return swapped(view, planned, after, { status: 'ready', verifiedEpoch, disputes });
  }
  const mayRefetch = planned.disputes.mayRefetch(required, dependentRoot, view.slot);
  if (mayRefetch && (fetch.requiredRoot !== required || before === undefined)) {
    // Asked before the node named this root, or for the first time: ask once more.
    const disputes = planned.disputes.refetching(required, dependentRoot, view.slot);
    return swapped(view, planned, after, { status: 'stale', verifiedEpoch, disputes });
  }
  // Asked for exactly this root and answered with another: the best there is.
  const same = before !== undefined && haveSameDuties(view.role, before, after);
  const disputes = same
    ? planned.disputes.settle(required, dependentRoot)
    : planned.disputes.refetching(required, dependentRoot, view.slot);
  return { ...swapped(view, planned, after, { status: 'ready', verifiedEpoch, disputes }), inconsistent: !same };
}

/** Whether two tables agree on everyone whom both were computed for: who came or left meanwhile is no contradiction. */
function haveSameDuties(role: RoleDefinition, a: DutyTable, b: DutyTable): boolean {
  if (role.answersNameEveryone) return isEmptyDiff(diffTables(a, b));
  const both = difference(a.asked, difference(a.asked, b.asked));
  return isEmptyDiff(diffTables(a, b, both));
}

function swapped(view: PlanView, planned: PlannedTable, table: DutyTable, change: Partial<PlannedTable>): Adoption {
  const { role, registry } = view;
  // Whoever left while the request was under way is not brought back by its answer.
  const left = role.answersNameEveryone ? [] : difference(table.asked, registry.activeMembers);
  const after = left.length === 0 ? table : table.remove(new Set(left));
  const eligible = eligibleFor(view, planned.target);
  const complete = role.answersNameEveryone || difference(eligible, after.asked).length === 0;
  const plan = withTable(view.plan, planned.target, {
    ...change,
    table: after,
    fetch: undefined,
    completeFor: complete ? eligible : undefined,
  });
  const diff = planned.table === undefined ? NO_DIFF : diffTables(planned.table, after, registry.activeMembers);
  return { plan, swap: { before: planned.table, after, diff }, inconsistent: false };
}

/** Takes validators out of every table at once; tables that name everyone stay, whoever reads them filters. */
export function withoutValidators({ plan, role }: PlanView, validators: ReadonlySet<ValidatorIndex>): Plan {
  if (role.answersNameEveryone || validators.size === 0) return plan;
  const tables = [...plan].map(([target, planned]): [number, PlannedTable] => {
    const table = planned.table?.remove(validators);
    if (table === planned.table) return [target, planned];
    return [target, { ...planned, table, armed: planned.armed?.remove(validators), completeFor: undefined }];
  });
  return new Map(tables);
}

/** Tables to be fetched again although no root says so (resync, or a re-org where the API names no root). */
export function unverified(view: PlanView): Plan {
  if (!view.role.verifiedEachEpoch) return view.plan;
  return new Map([...view.plan].map(([target, planned]) => [target, { ...planned, verifiedEpoch: -Infinity }]));
}

/** The most urgent open need, which names the state of the role (DESIGN: warming-up, scheduled, …). */
export type ScheduleState = 'warming-up' | 'scheduled' | 'fetching-next' | 'refetching-after-reorg';

export function scheduleState(view: PlanView): ScheduleState {
  const needs = view.role.needs(view);
  const status = (need: Need) => plannedTable(view.plan, need.target);
  if (needs.some((need) => status(need).status === 'stale')) return 'refetching-after-reorg';
  if (needs.some((need) => need.urgency === 'now' && status(need).status === 'absent')) return 'warming-up';
  if (needs.some((need) => status(need).status === 'absent' || status(need).fetch !== undefined))
    return 'fetching-next';
  return 'scheduled';
}
