/** What heads and probes show of re-orgs. */
import type { HeadEvent } from '../ports.js';
import { rootChanges, type ObservedRoots, type RootChanges } from '../rules/dependent-roots.js';
import type { Report } from '../rules/event-log.js';
import type { ReorgNote, SchedulerContext } from './scheduler-context.js';

const NO_CHANGE: RootChanges = { previousDependentRootChanged: false, currentDependentRootChanged: false };

/** The leader has a new head. */
export function afterHead(context: SchedulerContext, head: HeadEvent): Partial<SchedulerContext> {
  const { leader, lastHeads, lastRoots } = context;
  const lastHead = lastHeads.get(leader);
  const sinceHead = changesSince(context, lastHead, head);
  // What a probe has told of before is no news.
  const sinceProbe = changesSince(context, lastRoots, head);
  return {
    lastHeads: new Map(lastHeads).set(leader, head),
    reorg: {
      roots: head,
      byHead: true,
      previousDependentRootChanged: sinceHead.previousDependentRootChanged && sinceProbe.previousDependentRootChanged,
      currentDependentRootChanged: sinceHead.currentDependentRootChanged && sinceProbe.currentDependentRootChanged,
      movedBack: lastHead !== undefined && head.slot < lastHead.slot,
      epochTransition: head.epochTransition,
      tables: [],
    },
  };
}

/** A probe has told the leader's roots. */
export function afterProbe(context: SchedulerContext, roots: ObservedRoots): Partial<SchedulerContext> {
  const changes = changesSince(context, context.lastRoots, roots);
  return { reorg: { ...changes, roots, byHead: false, movedBack: false, epochTransition: false, tables: [] } };
}

/** The roles have looked at what a head or a probe changed. */
export function afterRootsHandled({ reorg, lastRoots }: SchedulerContext): Partial<SchedulerContext> {
  const counts = reorg !== undefined && (reorg.byHead || reorg.tables.length > 0);
  return { reorg: undefined, lastRoots: counts ? reorg.roots : lastRoots };
}

export function reorgLines({ reorg }: SchedulerContext): Report[] {
  if (reorg === undefined || !happened(reorg)) return [];
  const { previousDependentRootChanged, currentDependentRootChanged, epochTransition, tables } = reorg;
  return [{ type: 'reorg', previousDependentRootChanged, currentDependentRootChanged, epochTransition, tables }];
}

function happened(reorg: ReorgNote): boolean {
  const { byHead, previousDependentRootChanged, currentDependentRootChanged, movedBack, tables } = reorg;
  return tables.length > 0 || (byHead && (previousDependentRootChanged || currentDependentRootChanged || movedBack));
}

function changesSince(
  { chain }: SchedulerContext,
  before: ObservedRoots | undefined,
  roots: ObservedRoots,
): RootChanges {
  return before === undefined ? NO_CHANGE : rootChanges(chain, before, roots);
}
