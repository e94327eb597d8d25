/** Which tables a role fetches, and what it does with the answers. */
import { ZERO_ROOT, epochOf, periodOf } from '../rules/chain-time.js';
import type { ObservedRoots } from '../rules/dependent-roots.js';
import type { ValidatorIndex } from '../rules/duties.js';
import {
  adoptAnswer,
  compareRoots,
  fetchOrders,
  markComplete,
  obsoleteFetches,
  plannedTable,
  prunedPlan,
  tableName,
  unverified,
  withTable,
  withoutValidators,
  type Adoption,
  type FetchUnderWay,
  type Occasion,
} from '../rules/duty-plan.js';
import { isEmptyDiff, type DutyDiff } from '../rules/table-diff.js';
import { membership, union } from '../rules/index-columns.js';
import type { RoleDefinition } from '../rules/role-definition.js';
import { armNewcomers, armTable, holdTable } from './execution-steps.js';
import {
  decided,
  inOrder,
  type Decision,
  type RoleCommand,
  type RoleContext,
  type RoleEvent,
  type Step,
} from './role-context.js';
import { subscribeTable } from './subscription-steps.js';

/** Pairs named in a `duties-fetched` line at most. */
const LISTED_DUTIES = 64;
/** Tables of one role that can be alive at once are fewer than this. */
const TABLE_NAMES = 8;

/** Forgets tables older than the previous epoch (period). */
export const pruneTables: Step = (context) => decided({ ...context, plan: prunedPlan(context) });

/** Needed minus ready: calls off what nobody needs, and starts what is missing. */
export function reconcile(occasion: Occasion): Step {
  return (context) => {
    const commands: RoleCommand[] = [];
    for (const { target, fetch } of obsoleteFetches(context)) {
      context = { ...context, plan: withTable(context.plan, target, { fetch: undefined }) };
      commands.push(...stopFetch(context, target, fetch!));
    }
    context = { ...context, plan: markComplete(context) };
    for (const order of fetchOrders(context, occasion)) {
      const before = plannedTable(context.plan, order.target).fetch;
      if (before !== undefined) commands.push(...stopFetch(context, order.target, before));
      const generation = context.generation + 1;
      const { mode, cause, asked, endpointVersion, requiredRoot, failures } = order;
      const fetch = { generation, mode, cause, asked, endpointVersion, requiredRoot, failures, waiting: false };
      context = { ...context, generation, plan: withTable(context.plan, order.target, { fetch }) };
      commands.push({ do: 'fetch', id: fetchId(order.target), order, generation });
    }
    return { context, commands };
  };
}

function fetchId(target: number): string {
  return `fetch-${target % TABLE_NAMES}`;
}

function stopFetch({ role }: RoleContext, target: number, { cause, waiting }: FetchUnderWay): RoleCommand[] {
  const stop: RoleCommand = { do: 'stop-fetch', id: fetchId(target) };
  if (waiting) return [stop];
  return [stop, { do: 'report', report: { type: 'duties-fetch-cancelled', ...tableName(role, target), cause } }];
}

/** A node names the roots of the chain: tables that carry another one are stale, and fetched again at once. */
export function observeRoots(roots: ObservedRoots): Step {
  return (context) => {
    const seen = { ...context, roots };
    const { plan, stale, restored } = compareRoots(seen);
    const commands = [...stale, ...restored].flatMap(({ target, cancelled }) =>
      cancelled === undefined ? [] : stopFetch(context, target, cancelled),
    );
    const names = stale.filter(({ news }) => news).map(({ target }) => tableName(context.role, target));
    if (names.length > 0) commands.push({ do: 'tell-parent', message: { type: 'TABLES_STALE', tables: names } });
    const steps: Step[] = [
      ...stale.map(({ target }) => holdTable(target)),
      ...restored.map(({ target }) => armTable(target, 'reorg')),
      // Whoever came meanwhile was to be in the answer that is no longer waited for.
      stale.length + restored.length > 0 ? reconcile('reorg') : decided,
    ];
    const decision = inOrder(...steps)({ ...seen, plan });
    return { context: decision.context, commands: [...commands, ...decision.commands] };
  };
}

/** Epochs whose current root is remembered: heads that go back and forth meet theirs again. */
const REMEMBERED_EPOCHS = 4;

/** Two heads of one epoch name different current roots: the next sync committee may have changed. */
export function observeCurrentRoot({ slot, currentDutyDependentRoot: root }: ObservedRoots): Step {
  return (context) => {
    if (!context.role.verifiedEachEpoch || root === ZERO_ROOT) return decided(context);
    const epoch = epochOf(context.chain, slot);
    const before = context.currentRoots.get(epoch);
    const others = [...context.currentRoots].filter(([seen]) => seen !== epoch).slice(1 - REMEMBERED_EPOCHS);
    const seen = { ...context, currentRoots: new Map([...others, [epoch, root]]) };
    return before === undefined || before === root ? decided(seen) : distrustNextCommittee(seen);
  };
}

/** The API names no root for the next sync committee, so it is asked for again. */
const distrustNextCommittee: Step = (context) => {
  const { role, chain, slot, plan } = context;
  // By the slot's own epoch: in a period's last slot the next committee is on duty already.
  const target = periodOf(chain, epochOf(chain, Math.max(0, slot))) + 1;
  const planned = plan.get(target);
  if (planned?.table === undefined && planned?.fetch === undefined) return decided(context);
  const { table, fetch } = planned;
  const commands = fetch === undefined ? [] : stopFetch(context, target, fetch);
  const status = table === undefined ? 'absent' : 'stale';
  const changed = withTable(plan, target, { status, fetch: undefined, reorgSlot: slot });
  const name = tableName(role, target);
  if (table !== undefined) commands.push({ do: 'tell-parent', message: { type: 'TABLES_STALE', tables: [name] } });
  const decision = reconcile('reorg')({ ...context, plan: changed });
  return { context: decision.context, commands: [...commands, ...decision.commands] };
};

/** Sync committee tables are fetched again after a node was away. */
export const distrustAll: Step = (context) => decided({ ...context, plan: unverified(context) });

/** Takes in an answer, if it is that of the fetch under way. */
export function takeAnswer(event: RoleEvent & { type: 'TABLE_FETCHED' }): Step {
  return (context) => {
    const { target, generation, answer, tookMs } = event;
    const fetch = plannedTable(context.plan, target).fetch;
    if (fetch?.generation !== generation) return decided(context);
    const adoption = adoptAnswer(context, target, answer);
    const after = { ...context, plan: adoption.plan };
    const commands: RoleCommand[] = [{ do: 'stop-fetch', id: fetchId(target) }];
    if (adoption.swap !== undefined) commands.push(...reportSwap(context, target, fetch, adoption, tookMs));
    if (adoption.inconsistent) commands.push({ do: 'tell-parent', message: { type: 'NODE_INCONSISTENT' } });
    const follow =
      adoption.swap === undefined
        ? [holdTable(target)]
        : [armTable(target, 'reorg'), subscribeSwap(adoption.swap, fetch)];
    const decision = inOrder(...follow, reconcile('fetch-ended'))(after);
    return { context: decision.context, commands: [...commands, ...decision.commands] };
  };
}

function subscribeSwap({ before, after, diff }: NonNullable<Adoption['swap']>, { cause }: FetchUnderWay): Step {
  if (before === undefined) return subscribeTable(after, cause);
  const news = union(Uint32Array.from(diff.added), Uint32Array.from(diff.moved));
  return news.length === 0 ? decided : subscribeTable(after, cause, news);
}

function reportSwap(
  { role, registry }: RoleContext,
  target: number,
  fetch: FetchUnderWay,
  { swap }: Adoption,
  tookMs: number,
): RoleCommand[] {
  const { after, before, diff } = swap!;
  const name = tableName(role, target);
  // A delta tells of those it asked for; everything else is in the table already.
  const isOurs = membership(registry.activeMembers);
  const isAskedFor = fetch.mode === 'delta' ? membership(fetch.asked) : () => true;
  const told = new Uint8Array(after.size);
  let received = 0;
  for (let i = 0; i < after.size; i++) {
    const row = after.byValidator[i]!;
    const index = after.validator[row]!;
    if (!isOurs(index) || !isAskedFor(index)) continue;
    told[row] = 1;
    received++;
  }
  const duties: [number, ValidatorIndex][] = [];
  // A sync committee duty stands in every slot of its period: the first one stands for all.
  const firstSlot = Math.max(0, after.span.firstSlot);
  for (let row = told.indexOf(1); row >= 0 && duties.length < LISTED_DUTIES; row = told.indexOf(1, row + 1)) {
    duties.push([after.slotOf(row) ?? firstSlot, after.validator[row]!]);
  }
  const { cause } = fetch;
  const fetched: RoleCommand = {
    do: 'report',
    report: {
      type: 'duties-fetched',
      ...name,
      cause,
      dependentRoot: after.dependentRoot,
      requested: fetch.asked.length,
      received,
      tookMs,
      duties,
    },
  };
  return before === undefined ? [fetched] : [fetched, ...reportChange(role, target, diff)];
}

function reportChange(role: RoleDefinition, target: number, diff: DutyDiff): RoleCommand[] {
  if (isEmptyDiff(diff)) return [];
  return [{ do: 'report', report: { type: 'duties-changed', ...tableName(role, target), ...diff } }];
}

/** Notes a failed attempt; its actor goes on by itself, or the next tick starts it anew. */
export function takeFailure(event: RoleEvent & { type: 'TABLE_FETCH_FAILED' }): Step {
  return (context) => {
    const { target, generation, error, notServed, failures, retryInMs } = event;
    const planned = plannedTable(context.plan, target);
    const fetch = planned.fetch;
    if (fetch?.generation !== generation) return decided(context);
    if (notServed && context.role.answersNameEveryone && context.servesProposerV1 && context.servesProposerV2) {
      return useOtherVersion(context, target, fetch);
    }
    const status = planned.status === 'ready' && fetch.mode === 'full' ? 'failed' : planned.status;
    const waiting = { ...fetch, cause: 'retry' as const, failures, waiting: true };
    const plan = withTable(context.plan, target, { status, fetch: waiting });
    const name = tableName(context.role, target);
    return decided(
      { ...context, plan },
      { do: 'report', report: { type: 'duties-fetch-failed', ...name, cause: fetch.cause, error, retryInMs } },
    );
  };
}

/** The node does not serve this version of the endpoint: the other one from now on, until it reconnects. */
function useOtherVersion(context: RoleContext, target: number, fetch: FetchUnderWay): Decision {
  const stopped = {
    ...context,
    servesProposerV1: fetch.endpointVersion === 2,
    servesProposerV2: fetch.endpointVersion === 1,
    plan: withTable(context.plan, target, { fetch: undefined }),
  };
  const decision = reconcile('fetch-ended')(stopped);
  return { context: decision.context, commands: [{ do: 'stop-fetch', id: fetchId(target) }, ...decision.commands] };
}

/** A node that was away may have been upgraded meanwhile. */
export const forgetVersions: Step = (context) =>
  decided({ ...context, servesProposerV1: true, servesProposerV2: true });

/** An attempt after a failure is under way. */
export function noteRetry({ target, generation }: RoleEvent & { type: 'TABLE_FETCH_RETRIED' }): Step {
  return (context) => {
    const fetch = plannedTable(context.plan, target).fetch;
    if (fetch?.generation !== generation) return decided(context);
    return decided({ ...context, plan: withTable(context.plan, target, { fetch: { ...fetch, waiting: false } }) });
  };
}

/** Validators came, changed or left: who left is gone at once, who came is asked for. */
export function takeRegistry({ registry, added, removed, initial }: RoleEvent & { type: 'REGISTRY_CHANGED' }): Step {
  return (context) => {
    const gone = new Set(removed);
    const plan = withoutValidators({ ...context, registry }, gone);
    const commands: RoleCommand[] = [];
    const steps: Step[] = [];
    for (const [target, planned] of plan) {
      const before = context.plan.get(target)?.table;
      if (removed.length > 0 && planned.table !== undefined) {
        if (planned.table !== before) {
          const left = removed.filter((index) => (before?.rowsOf(index).length ?? 0) > 0);
          commands.push(...reportChange(context.role, target, { added: [], removed: left, moved: [] }));
        }
        steps.push(armTable(target, 'validator-removed'));
      }
      // A table that names everyone has the duties of the new ones already.
      if (added.length > 0 && context.role.answersNameEveryone) steps.push(armNewcomers(target, new Set(added)));
    }
    steps.push(reconcile(initial ? 'tick' : 'validators-changed'));
    const decision = inOrder(...steps)({ ...context, registry, plan });
    return { context: decision.context, commands: [...commands, ...decision.commands] };
  };
}
