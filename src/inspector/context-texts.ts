/**
 * What a viewer sees of the contexts of our machines, as JSON text: what is decided with, and of tables, lists and data
 * their measure. Written out field by field, because a slot's start shows some forty of them.
 */
import type { BeaconNodeContext } from '../../machines/beacon-node/node-context.js';
import type { ExecutionContext } from '../../machines/duty-execution/execution-context.js';
import type { ExecutionRecord, RoleContext } from '../../machines/duty-role/role-context.js';
import type { Duty } from '../../machines/rules/duties.js';
import type { Plan } from '../../machines/rules/duty-plan.js';
import type { SchedulerContext } from '../../machines/scheduler/scheduler-context.js';
import type { SubscriptionContext } from '../../machines/subscription.machine.js';
import type { TableFetchContext } from '../../machines/table-fetch.machine.js';
import type { ValidatorsContext } from '../../machines/validators.machine.js';
import { jsonText, onceText, stringText } from './value-text.js';

const MOST_VALIDATORS = 4;

/**
 * The text of a context; undefined: it is of none of our machines. Another's machine may have the name of one of ours,
 * but not its fields.
 */
export function contextText(machineId: unknown, context: unknown): string | undefined {
  if (typeof context !== 'object' || context === null) return undefined;
  switch (machineId) {
    case 'scheduler':
      return 'standings' in context ? schedulerText(context as SchedulerContext) : undefined;
    case 'duty-role':
      return 'executions' in context ? roleText(context as RoleContext) : undefined;
    case 'duty-execution':
      return 'dueReported' in context ? executionText(context as ExecutionContext) : undefined;
    case 'table-fetch':
      return 'order' in context ? tableFetchText(context as TableFetchContext) : undefined;
    case 'subscriptions':
      return 'queue' in context ? subscriptionsText(context as SubscriptionContext) : undefined;
    case 'beacon-node':
      return 'heardHeadSlot' in context ? beaconNodeText(context as BeaconNodeContext) : undefined;
    case 'validators':
      return 'announced' in context ? validatorsText(context as ValidatorsContext) : undefined;
    default:
      return undefined;
  }
}

function schedulerText(context: SchedulerContext): string {
  const { slot, leader, unfit, registry, standings, lastHeads, lastRoots, reorg, alive, attached, nodes } = context;
  const { claims, chain, policy, recordFromSlot, kinds, dataFetch } = context;
  return (
    `{"slot":${slot},"leader":${leader},"unfit":${jsonText(unfit)},"registry":${onceText(registry)}` +
    `,"standings":${onceText(standings)},"lastHeads":${onceText(lastHeads)},"lastRoots":${onceText(lastRoots)}` +
    `,"reorg":${jsonText(reorg)},"alive":${onceText(alive)},"attached":${onceText(attached)},"nodes":${onceText(nodes)}` +
    `,"claims":${jsonText(claims)},"chain":${onceText(chain)},"policy":${onceText(policy)}` +
    `,"recordFromSlot":${jsonText(recordFromSlot)},"kinds":${onceText(kinds)},"dataFetch":${dataFetch}}`
  );
}

function roleText(context: RoleContext): string {
  const { role, slot, startSlot, ticked, unfit, plan, executions, generation, roots, currentRoots, heads } = context;
  return (
    `{"role":"${role.role}","slot":${slot},"startSlot":${startSlot},"ticked":${ticked},"unfit":${jsonText(unfit)}` +
    `,"plan":${onceText(plan, planText)},"executions":${executionsText(executions)},"generation":${generation}` +
    `,"roots":${onceText(roots)},"currentRoots":${currentRoots.size === 0 ? '{}' : onceText(currentRoots)}` +
    `,"heads":${heads.length === 0 ? '[]' : onceText(heads)}}`
  );
}

/** The armed table is the ready one, but for a while after a re-org. */
function planText(plan: Plan): string {
  const tables = [...plan].map(([target, { disputes: _, table, armed, fetch, completeFor, ...planned }]) => [
    target,
    {
      ...planned,
      table,
      armed: armed !== undefined && armed === table ? true : armed,
      fetch: fetch && { ...fetch, asked: fetch.asked.length },
      completeFor: completeFor?.length,
    },
  ]);
  return jsonText(Object.fromEntries(tables));
}

function executionsText(executions: ReadonlyMap<string, ExecutionRecord>): string {
  let all = '';
  for (const [id, { slot, duties, triggered, late, handedOver, olderOnTheWay }] of executions) {
    const record =
      `"${id}":{"slot":${slot},"duties":${duties.length},"triggered":${triggered}` +
      `,"late":${late},"handedOver":${handedOver},"olderOnTheWay":${olderOnTheWay}}`;
    all = all === '' ? record : `${all},${record}`;
  }
  return `{${all}}`;
}

function executionText(context: ExecutionContext): string {
  const { kind, slot, duties, dueAt, startBy, deadline, trigger, late, stale, unfit, head, headGraceMs, data } =
    context;
  const { dataIsFinal, dataFailures, deferredFor, olderOnTheWay, patienceIsOver, dueReported, handedOverAt } = context;
  return (
    `{"kind":"${kind.kind}","slot":${slot},"duties":${dutiesText(duties)},"dueAt":${dueAt},"startBy":${startBy}` +
    `,"deadline":${deadline},"trigger":"${trigger}","late":${late},"stale":${stale},"unfit":${jsonText(unfit)}` +
    `,"head":${jsonText(head)},"headGraceMs":${headGraceMs},"data":${jsonText(data)},"dataIsFinal":${dataIsFinal}` +
    `,"dataFailures":${dataFailures},"deferredFor":${jsonText(deferredFor)},"olderOnTheWay":${olderOnTheWay}` +
    `,"patienceIsOver":${patienceIsOver},"dueReported":${dueReported},"handedOverAt":${handedOverAt}}`
  );
}

/** The validators of a few duties by index, or how many duties there are. */
function dutiesText(duties: readonly Duty[]): string {
  if (duties.length > MOST_VALIDATORS) return `"${duties.length} duties"`;
  return `[${duties.map(({ validatorIndex }) => validatorIndex).join()}]`;
}

function tableFetchText({ role, order, generation, askedAt, failure }: TableFetchContext): string {
  return jsonText({ role, order: { ...order, asked: order.asked.length }, generation, askedAt, failure });
}

function subscriptionsText({ node, queue, failures }: SubscriptionContext): string {
  return jsonText({ node, queue, failures });
}

function beaconNodeText(context: BeaconNodeContext): string {
  const { node, url, leads, slot, status, unfit, askedAt, latencyMs, healthFailures, heardHeadSlot } = context;
  const { streamDown, streamFailures, wasAway, probeIndex } = context;
  return (
    `{"node":${node},"url":${stringText(url)},"leads":${leads},"slot":${slot},"status":"${status}"` +
    `,"unfit":${jsonText(unfit)},"askedAt":${askedAt},"latencyMs":${jsonText(latencyMs)},"healthFailures":${healthFailures}` +
    `,"heardHeadSlot":${jsonText(heardHeadSlot)},"streamDown":${streamDown},"streamFailures":${streamFailures}` +
    `,"wasAway":${wasAway},"probeIndex":${jsonText(probeIndex)}}`
  );
}

function validatorsText(context: ValidatorsContext): string {
  const { slot, registry, filled, pending, asked, announced, failures } = context;
  return (
    `{"slot":${slot},"registry":${onceText(registry)},"filled":${filled},"pending":${pending.size}` +
    `,"asked":${asked.size},"announced":${announced.size},"failures":${failures}}`
  );
}
