/** Which batches a role arms, changes and calls off. */
import type { ExecutionUpdate } from '../duty-execution/execution-context.js';
import { slotStartMs, type Slot } from '../rules/chain-time.js';
import { dueDuties, dutyOf, type DueDuties } from '../rules/due-duties.js';
import type { Duty, ValidatorIndex } from '../rules/duties.js';
import { skippedLines } from '../rules/duty-lines.js';
import { deadlineMs, deadlineSlot, dueAtMs } from '../rules/duty-points.js';
import { plannedTable, withTable, type PlannedTable } from '../rules/duty-plan.js';
import { covers, type DutyTable } from '../rules/duty-table.js';
import { RowComparison } from '../rules/table-diff.js';
import type { CancelReason, SkipReason } from '../rules/event-log.js';
import { lastChanceSlot } from '../rules/late-policy.js';
import type { KindDefinition } from '../rules/role-definition.js';
import { isOlderOnTheWay } from './older-first.js';
import {
  decided,
  inOrder,
  type Decision,
  type ExecutionRecord,
  type RoleCommand,
  type RoleContext,
  type Step,
} from './role-context.js';

/** Slots of duties that were missed and not made up are said so for this many epochs back. */
const EPOCHS_LOOKED_BACK = 2;
/** Batches of one kind and slot that may be alive at once. */
const BATCHES_PER_SLOT = 32;

/** At a slot's start: its duties, and those of slots that were never ticked. */
export function armSlot(previousSlot: Slot): Step {
  return (context) => {
    const { chain, slot } = context;
    const steps: Step[] = [];
    if (previousSlot < slot - 1) {
      const oldest = Math.max(previousSlot + 1, slot - EPOCHS_LOOKED_BACK * chain.slotsPerEpoch, 0);
      for (let missed = oldest; missed < slot; missed++) steps.push(armPlanned(missed, true));
    }
    if (slot >= 0) steps.push(armPlanned(slot, false));
    return inOrder(...steps)(context);
  };
}

function armPlanned(slot: Slot, late: boolean): Step {
  return (context) => {
    const planned = plannedTable(context.plan, context.role.targetOf(context.chain, slot));
    if (planned.table === undefined) return decided(context);
    const table = planned.table;
    return inOrder(...kindsOf(context).map((kind) => armKind(planned, table, kind, slot, late)))(context);
  };
}

/**
 * After a swap: pending batches get the duties read anew, running ones lose those that are gone, and duties that are new
 * and whose time has come get a batch of their own. Duties of later slots are armed by their tick.
 */
export function armTable(target: number, reason: CancelReason): Step {
  return (context) => {
    const planned = plannedTable(context.plan, target);
    const { table, armed } = planned;
    if (table === undefined) return decided(context);
    const refreshed = refreshExecutions(planned, reason)(context);
    if (isStale(context, planned)) return refreshed;
    const plan = withTable(refreshed.context.plan, target, { armed: table });
    const slots = slotsToMakeUp(context, table);
    // Of a table that lies ahead nothing is to be made up, whatever changed.
    const only = armed === undefined || slots.length === 0 ? undefined : newsIn(armed, table);
    const steps = slots.flatMap((slot) =>
      kindsOf(context)
        .filter((kind) => slot === context.slot || looksBack(context, kind, slot))
        .map((kind) => armKind(planned, table, kind, slot, true, only)),
    );
    const armedDecision = inOrder(...steps)({ ...refreshed.context, plan });
    return { context: armedDecision.context, commands: [...refreshed.commands, ...armedDecision.commands] };
  };
}

/** Validators whose duties stand in a table already, because it names everyone: what they have in this slot is late. */
export function armNewcomers(target: number, newcomers: ReadonlySet<ValidatorIndex>): Step {
  return (context) => {
    const planned = plannedTable(context.plan, target);
    const { table } = planned;
    if (table === undefined || !covers(table, context.slot) || context.slot < 0) return decided(context);
    const isNew = (index: ValidatorIndex) => newcomers.has(index);
    return inOrder(...kindsOf(context).map((kind) => armKind(planned, table, kind, context.slot, true, isNew)))(
      context,
    );
  };
}

/** Whether a validator has a duty that the armed table did not have like this. */
function newsIn(armed: DutyTable, table: DutyTable): (index: ValidatorIndex) => boolean {
  const compared = new RowComparison(armed, table);
  return (index) => {
    const known = armed.rowsOf(index);
    return table.rowsOf(index).some((row) => !known.some((other) => compared.areSame(other, row)));
  };
}

/** Past and current slots of a table whose duties were not known when their tick came. */
function slotsToMakeUp({ chain, slot }: RoleContext, table: DutyTable): Slot[] {
  const { firstSlot, slotCount } = table.span;
  const oldest = Math.max(0, firstSlot, slot - EPOCHS_LOOKED_BACK * chain.slotsPerEpoch);
  const slots: Slot[] = [];
  for (let past = oldest; past <= Math.min(slot, firstSlot + slotCount - 1); past++) slots.push(past);
  return slots;
}

/** Only attestations outlive their slot; other duties from before our start were never ours to tell of. */
function looksBack({ startSlot }: RoleContext, { kind }: KindDefinition, slot: Slot): boolean {
  return kind === 'attester' || slot >= startSlot;
}

/** Arms the duties of a kind and slot that no batch has yet. */
function armKind(
  planned: PlannedTable,
  table: DutyTable,
  kind: KindDefinition,
  slot: Slot,
  late: boolean,
  only?: (index: ValidatorIndex) => boolean,
): Step {
  return (context) => {
    const due = markAddedByReorg(context, planned, slot, dueDuties(context, table, kind.kind, slot, only));
    const carried = carriedValidators(context, kind, slot);
    const duties = due.run.filter((duty) => !carried.has(duty.validatorIndex));
    const skipped = skippedLines({ kind, slot }, withoutCarried(due.skip, carried));
    const commands: RoleCommand[] = skipped.map((report) => ({ do: 'report', report }));
    if (duties.length === 0) return decided(context, ...commands);
    const armed = armBatch(context, kind, slot, duties, late, isStale(context, planned));
    return { context: armed.context, commands: [...commands, ...armed.commands] };
  };
}

/**
 * Tells what a re-org added to slots that it cannot run in any more: those that were over when it was seen, and, by the
 * design note, proposals of the very slot in which it was seen. Unchanged proposals run.
 */
function markAddedByReorg(context: RoleContext, planned: PlannedTable, slot: Slot, due: DueDuties): DueDuties {
  const { armed, reorgSlot } = planned;
  if (armed === undefined || reorgSlot === undefined || slot > reorgSlot) return due;
  const isAdded = (index: ValidatorIndex) => armed.rowAt(slot, index) < 0;
  const skip = new Map<SkipReason, readonly ValidatorIndex[]>(due.skip);
  const passed = skip.get('deadline-passed') ?? [];
  const added = passed.filter(isAdded);
  const lost = passed.filter((index) => !isAdded(index));
  skip.delete('deadline-passed');
  if (lost.length > 0) skip.set('deadline-passed', lost);
  // What may run at all is of the current slot or later; the return above leaves the very slot of the re-org.
  const isLateProposal = ({ validatorIndex }: Duty) => context.role.role === 'proposer' && isAdded(validatorIndex);
  for (const { validatorIndex } of due.run.filter(isLateProposal)) added.push(validatorIndex);
  if (added.length > 0) skip.set('added-by-reorg', added);
  return { run: due.run.filter((duty) => !isLateProposal(duty)), skip };
}

function armBatch(
  context: RoleContext,
  kind: KindDefinition,
  slot: Slot,
  duties: readonly Duty[],
  knownLate: boolean,
  stale: boolean,
): Decision {
  const { chain, policy, clock, random, claims, dataFetch, unfit, heads } = context;
  const dueAt = dueAtMs(chain, kind.kind, slot);
  const id = freeId(context, kind, slot);
  // Known before its due point, a batch that waits for the head is in time.
  const late = knownLate && (kind.handover === 'slot-start' || clock.now() >= dueAt);
  const olderOnTheWay = late && isOlderOnTheWay(context, { kind: kind.kind, slot, duties });
  const input = {
    id,
    kind,
    slot,
    chain,
    clock,
    random,
    claims,
    dataFetch,
    headGraceMs: policy.headGraceMs,
    dueAt,
    startBy: slotStartMs(chain, lastChanceSlot(context, kind.kind, slot)),
    deadline: deadlineMs(chain, kind.kind, slot, policy.maximumDelay),
    duties,
    late,
    head: heads.find((head) => head.slot === slot),
    unfit,
    stale,
    olderOnTheWay,
  };
  const state = { triggered: false, handedOver: false, late, olderOnTheWay };
  const record: ExecutionRecord = { id, kind: kind.kind, slot, duties, ...state };
  const executions = new Map(context.executions).set(id, record);
  return decided({ ...context, executions }, { do: 'execute', id, input });
}

/** Ids from a bounded set, larger than what can be alive: XState keeps something for every id it ever saw. */
function freeId({ chain, executions }: RoleContext, { kind }: KindDefinition, slot: Slot): string {
  const slotName = slot % (4 * chain.slotsPerEpoch);
  for (let batch = 0; batch < BATCHES_PER_SLOT; batch++) {
    const id = batch === 0 ? `${kind}-${slotName}` : `${kind}-${slotName}-${batch}`;
    if (!executions.has(id)) return id;
  }
  throw new Error(`more than ${BATCHES_PER_SLOT} batches of ${kind} duties in slot ${slot}`);
}

/** Validators that a batch of the kind and slot carries already. */
function carriedValidators({ executions }: RoleContext, { kind }: KindDefinition, slot: Slot): Set<ValidatorIndex> {
  const carried = new Set<ValidatorIndex>();
  for (const execution of executions.values()) {
    if (execution.kind !== kind || execution.slot !== slot) continue;
    for (const duty of execution.duties) carried.add(duty.validatorIndex);
  }
  return carried;
}

/** Whom a batch carries, that batch tells the end of. */
function withoutCarried(
  skip: DueDuties['skip'],
  carried: ReadonlySet<ValidatorIndex>,
): Map<SkipReason, readonly ValidatorIndex[]> {
  const left = new Map<SkipReason, readonly ValidatorIndex[]>();
  for (const [reason, validators] of skip) {
    const others = validators.filter((index) => !carried.has(index));
    if (others.length > 0) left.set(reason, others);
  }
  return left;
}

/** Gives every batch of a table its duties, read anew. One whose time is over ends by itself. */
function refreshExecutions(planned: PlannedTable, reason: CancelReason): Step {
  return (context) => {
    const table = planned.table;
    if (table === undefined) return decided(context);
    const stale = isStale(context, planned);
    const executions = new Map(context.executions);
    const commands: RoleCommand[] = [];
    for (const execution of context.executions.values()) {
      if (!covers(table, execution.slot) || context.role.targetOf(context.chain, execution.slot) !== planned.target)
        continue;
      if (context.slot >= deadlineSlot(context.chain, execution.kind, execution.slot, context.policy.maximumDelay))
        continue;
      const duties = stale ? execution.duties : dutiesReadAnew(context, planned, table, execution);
      executions.set(execution.id, { ...execution, duties });
      const update: ExecutionUpdate = { type: 'DUTIES', duties, stale, reason };
      commands.push({ do: 'update-execution', id: execution.id, update });
    }
    return { context: { ...context, executions }, commands };
  };
}

/** A batch that has come due keeps what is unchanged; one that waits takes the table's duties as they are. */
function dutiesReadAnew(
  context: RoleContext,
  planned: PlannedTable,
  table: DutyTable,
  execution: ExecutionRecord,
): readonly Duty[] {
  if (execution.triggered) return execution.duties.filter((duty) => isUnchanged(context, table, execution, duty));
  const others = new Map(context.executions);
  others.delete(execution.id);
  const kind = kindsOf(context).find((candidate) => candidate.kind === execution.kind)!;
  const carried = carriedValidators({ ...context, executions: others }, kind, execution.slot);
  const due = dueDuties(context, table, execution.kind, execution.slot);
  const { run } = markAddedByReorg(context, planned, execution.slot, due);
  return run.filter((duty) => !carried.has(duty.validatorIndex));
}

function isUnchanged(context: RoleContext, table: DutyTable, { kind, slot }: ExecutionRecord, duty: Duty): boolean {
  const row = table.rowAt(slot, duty.validatorIndex);
  const { chain, registry } = context;
  if (row < 0 || !registry.isActiveMember(duty.validatorIndex)) return false;
  const validator = registry.byIndex(duty.validatorIndex);
  return JSON.stringify(dutyOf(chain, table, row, kind, slot, validator)) === JSON.stringify(duty);
}

/** Batches of a table that proved wrong hold back until the swap. */
export function holdTable(target: number): Step {
  return (context) => {
    if (!context.role.waitsWhileStale) return decided(context);
    const concerned = [...context.executions.values()].filter(
      ({ slot }) => context.role.targetOf(context.chain, slot) === target,
    );
    return decided(
      context,
      ...concerned.map(({ id }): RoleCommand => ({ do: 'update-execution', id, update: { type: 'STALE' } })),
    );
  };
}

/** Tells every batch something. */
export function tellExecutions(
  update: ExecutionUpdate,
  only: (execution: ExecutionRecord) => boolean = () => true,
): Step {
  return (context) =>
    decided(
      context,
      ...[...context.executions.values()]
        .filter(only)
        .map(({ id }): RoleCommand => ({ do: 'update-execution', id, update })),
    );
}

/** A batch has come due: nobody joins it any more. */
export function markTriggered(id: string): Step {
  return (context) => {
    const execution = context.executions.get(id);
    if (execution === undefined) return decided(context);
    return decided({ ...context, executions: new Map(context.executions).set(id, { ...execution, triggered: true }) });
  };
}

/** A batch is with its executor: what waits for it may go on. */
export function markHandedOver(id: string): Step {
  return (context) => {
    const execution = context.executions.get(id);
    if (execution === undefined) return decided(context);
    return decided({ ...context, executions: new Map(context.executions).set(id, { ...execution, handedOver: true }) });
  };
}

/** A batch has ended. */
export function forgetExecution(id: string): Step {
  return (context) => {
    const executions = new Map(context.executions);
    executions.delete(id);
    return decided({ ...context, executions });
  };
}

function kindsOf({ role, kinds }: RoleContext): KindDefinition[] {
  return role.kinds.filter(({ kind }) => kinds.has(kind));
}

function isStale({ role }: RoleContext, { status }: PlannedTable): boolean {
  return role.waitsWhileStale && status === 'stale';
}
