import type { AnyActorRef, AnyMachineSnapshot, AnyStateMachine, StateNode } from 'xstate';
import type { SchedulerActor } from '../../services/actors/scheduler-logic.js';
import type { ActorReport } from './reports.js';

const MOST_ACTORS = 200;

/** The actors that live now, parents before their children; the first so many. */
export function livingActors(root: SchedulerActor): {
  readonly actors: readonly ActorReport[];
  readonly total: number;
} {
  const actors: ActorReport[] = [];
  let total = 0;
  visitActors(root, (actor, parent) => {
    total += 1;
    if (actors.length < MOST_ACTORS) actors.push(reportOf(actor, parent?.sessionId ?? null));
  });
  return { actors, total };
}

/** Shows every actor that lives, each after its parent. */
export function visitActors(
  actor: AnyActorRef,
  show: (actor: AnyActorRef, parent: AnyActorRef | undefined) => void,
  parent?: AnyActorRef,
): void {
  show(actor, parent);
  const { children } = actor.getSnapshot() as { children?: Record<string, AnyActorRef | undefined> };
  for (const child of Object.values(children ?? {})) if (child !== undefined) visitActors(child, show, actor);
}

/** Name of the chart of an actor; null where it has no states. */
export function chartOf(actor: AnyActorRef): string | null {
  return machineOf(actor)?.root.id ?? null;
}

/** The machine behind an actor, if it is one. */
export function machineOf(actor: AnyActorRef): AnyStateMachine | undefined {
  const logic = (actor as { logic?: unknown }).logic;
  return typeof logic === 'object' && logic !== null && 'root' in logic ? (logic as AnyStateMachine) : undefined;
}

/** Active states as paths, those they stand in included: `schedule`, `schedule.scheduled`. */
export function activeStates(snapshot: unknown): string[] {
  const nodes = (snapshot as Partial<AnyMachineSnapshot>)._nodes as readonly StateNode[] | undefined;
  return (nodes ?? []).filter(({ path }) => path.length > 0).map(({ path }) => path.join('.'));
}

function reportOf(actor: AnyActorRef, parent: string | null): ActorReport {
  const snapshot: unknown = actor.getSnapshot();
  const context = (snapshot as { context?: unknown }).context;
  return {
    id: actor.sessionId,
    name: actor.id,
    parent,
    chart: chartOf(actor),
    states: activeStates(snapshot),
    about: typeof context === 'object' && context !== null ? aboutOf(context as Readonly<Record<string, unknown>>) : '',
  };
}

/** What an actor with such a context is about, by what our machines keep in theirs. */
function aboutOf(context: Readonly<Record<string, unknown>>): string {
  const { order, duties, slot, url } = context;
  if (typeof order === 'object' && order !== null && 'target' in order && 'cause' in order) {
    return `table ${String(order.target)}, ${String(order.cause)}`;
  }
  if (Array.isArray(duties) && typeof slot === 'number') return `slot ${slot}, ${duties.length} duties`;
  return typeof url === 'string' ? url : '';
}
