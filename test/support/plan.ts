import type { Root } from '../../machines/rules/chain-time.js';
import type { DutyAnswer } from '../../machines/rules/duties.js';
import {
  adoptAnswer,
  compareRoots,
  fetchOrders,
  markComplete,
  obsoleteFetches,
  plannedTable,
  prunedPlan,
  scheduleState,
  withTable,
  type Adoption,
  type FetchOrder,
  type Occasion,
  type PlannedTable,
  type PlanView,
  type RootVerdict,
  type ScheduleState,
} from '../../machines/rules/duty-plan.js';
import type { ObservedRoots } from '../../machines/rules/dependent-roots.js';
import { defaultPolicy, type SchedulingPolicy } from '../../machines/rules/policy.js';
import type { Registry } from '../../machines/rules/registry.js';
import type { RoleDefinition } from '../../machines/rules/role-definition.js';
import { SHORT, testChain } from './chain.js';
import { answerOf, rowsIn, type Row } from './tables.js';
import { registryOf } from './validators.js';

export type PlanOptions = Partial<Omit<PlanView, 'role' | 'slot' | 'policy'>> & { policy?: Partial<SchedulingPolicy> };

/** A role's plan through time, without a machine: whoever holds it decides when an answer comes. */
export class PlanRun {
  view: PlanView;
  #generation = 0;

  constructor(role: RoleDefinition, slot: number, options: PlanOptions = {}) {
    const { chain = testChain(SHORT), policy, ...others } = options;
    this.view = {
      role,
      chain,
      slot,
      startSlot: slot,
      recordFromSlot: slot,
      servesProposerV1: true,
      servesProposerV2: true,
      registry: registryOf([1, 2, 3]),
      roots: undefined,
      plan: new Map(),
      ...others,
      policy: { ...defaultPolicy(chain), late: 'never', ...policy },
    };
  }

  /** Evaluates the plan: calls off what is not needed, starts what is missing, and returns it. */
  evaluate(occasion: Occasion): FetchOrder[] {
    for (const { target } of obsoleteFetches(this.view)) this.change(target, { fetch: undefined });
    this.view = { ...this.view, plan: markComplete(this.view) };
    const orders = fetchOrders(this.view, occasion);
    for (const { target, mode, cause, asked, endpointVersion, requiredRoot, failures } of orders) {
      const fetch = { mode, cause, asked, endpointVersion, requiredRoot, failures, waiting: false };
      this.change(target, { fetch: { ...fetch, generation: ++this.#generation } });
    }
    return orders;
  }

  tick(slot: number): FetchOrder[] {
    this.view = { ...this.view, slot };
    this.view = { ...this.view, plan: prunedPlan(this.view) };
    return this.evaluate('tick');
  }

  /** The registry changes. */
  validators(registry: Registry): FetchOrder[] {
    this.view = { ...this.view, registry };
    return this.evaluate('validators-changed');
  }

  /** A node names roots; what must be fetched again is in `orders`. */
  heard(roots: ObservedRoots): RootVerdict & { orders: FetchOrder[] } {
    this.view = { ...this.view, roots };
    const verdict = compareRoots(this.view);
    this.view = { ...this.view, plan: verdict.plan };
    return { ...verdict, orders: verdict.stale.length > 0 ? this.evaluate('reorg') : [] };
  }

  /** The answer to the fetch under way; what is fetched because of it is in `orders`. */
  answer(target: number, rows: readonly Row[], root?: Root | null): Adoption & { orders: FetchOrder[] } {
    const { role, endpointVersion } = {
      role: this.view.role.role,
      endpointVersion: this.at(target).fetch!.endpointVersion,
    };
    return this.take(target, answerOf(role, rows, root, endpointVersion));
  }

  take(target: number, answer: DutyAnswer): Adoption & { orders: FetchOrder[] } {
    const adoption = adoptAnswer(this.view, target, answer);
    this.view = { ...this.view, plan: adoption.plan };
    return { ...adoption, orders: this.evaluate('fetch-ended') };
  }

  /** The fetch under way fails and waits for its retry; `status` as the machine leaves it. */
  fail(target: number, status: PlannedTable['status'] = this.at(target).status): void {
    const fetch = this.at(target).fetch!;
    this.change(target, { status, fetch: { ...fetch, failures: fetch.failures + 1, waiting: true } });
  }

  at(target: number): PlannedTable {
    return plannedTable(this.view.plan, target);
  }

  rows(target: number): Row[] {
    return rowsIn(this.at(target).table!);
  }

  change(target: number, change: Partial<PlannedTable>): void {
    this.view = { ...this.view, plan: withTable(this.view.plan, target, change) };
  }

  get state(): ScheduleState {
    return scheduleState(this.view);
  }
}

/** Orders as text: target, mode, cause, and who is asked. */
export function told(orders: readonly FetchOrder[]): string[] {
  return orders.map(({ target, mode, cause, asked }) => `${target} ${mode} ${cause} [${[...asked].join(' ')}]`);
}

/** A duty for validator 1 in the first slot of an epoch (sync committee: in every slot). */
export const dutyIn = (epoch: number): Row[] => [{ validator: 1, slot: epoch * 8, committee: 1, positions: [1] }];

/** A run whose tables needed in its first slot are ready. */
export function warmRun(role: RoleDefinition, slot: number, options: PlanOptions = {}): PlanRun {
  const run = new PlanRun(role, slot, options);
  for (const { target } of run.tick(slot)) run.answer(target, dutyIn(target));
  return run;
}
