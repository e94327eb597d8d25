/**
 * Late attestations in the order of their epochs. A validator never attests for a lower target epoch than before, so that
 * a late duty of epoch e, handed over first, would cost it one of e − 1 that is still in time. Duties in time wait for none.
 */
import { epochOf, type Slot } from '../rules/chain-time.js';
import { plannedTable } from '../rules/duty-plan.js';
import { decided, type ExecutionRecord, type RoleCommand, type RoleContext, type Step } from './role-context.js';

/**
 * Whether attestations for the epoch before are on their way for any validator of a batch: with a batch that is not handed
 * over yet, or by a table that is being fetched. One whose fetch has failed may take long, and is not waited for.
 */
export function isOlderOnTheWay(
  { chain, executions, plan }: RoleContext,
  { kind, slot, duties }: Pick<ExecutionRecord, 'kind' | 'slot' | 'duties'>,
): boolean {
  if (kind !== 'attester') return false;
  const before = epochOf(chain, slot) - 1;
  const { table, fetch } = plannedTable(plan, before);
  if (table === undefined && fetch?.waiting === false) return true;
  const own = new Set(duties.map(({ validatorIndex }) => validatorIndex));
  return [...executions.values()].some(
    (other) =>
      other.kind === kind &&
      !other.handedOver &&
      epochOf(chain, other.slot) === before &&
      other.duties.some(({ validatorIndex }) => own.has(validatorIndex)),
  );
}

/** Tells the batches concerned what has changed: those that are late, or are held back and may be by the end of it. */
export const tellOfOlder: Step = (context) => {
  const news: ExecutionRecord[] = [];
  for (const execution of context.executions.values()) {
    const { kind, slot, late, handedOver, olderOnTheWay } = execution;
    if (handedOver || kind !== 'attester' || !(late || olderOnTheWay || isHeldBack(context, slot))) continue;
    const isOnTheWay = isOlderOnTheWay(context, execution);
    if (isOnTheWay !== olderOnTheWay) news.push({ ...execution, olderOnTheWay: isOnTheWay });
  }
  // Asked after every event of every role: nothing is copied where nothing has changed.
  if (news.length === 0) return decided(context);
  const executions = new Map(context.executions);
  for (const execution of news) executions.set(execution.id, execution);
  const commands = news.map(({ id, olderOnTheWay }): RoleCommand => {
    return { do: 'update-execution', id, update: { type: 'OLDER', onTheWay: olderOnTheWay } };
  });
  return { context: { ...context, executions }, commands };
};

function isHeldBack({ chain, plan, unfit }: RoleContext, slot: Slot): boolean {
  return unfit !== undefined || plannedTable(plan, epochOf(chain, slot)).status === 'stale';
}
