import type { AnyActorRef, InspectionEvent } from 'xstate';
import type { SchedulerActor } from '../../services/actors/scheduler-logic.js';
import { activeStates, chartOf, visitActors } from './actor-report.js';
import type { ActorStep } from './reports.js';

/**
 * Tells what the actors do from now on: which start, move to another state, and end. It looks on as an XState inspector
 * for as long as somebody listens, and not a moment longer. Returns how to stop.
 */
export function watchSteps(root: SchedulerActor, now: () => number, tell: (step: ActorStep) => void): () => void {
  const states = new WeakMap<AnyActorRef, readonly string[]>();
  visitActors(root, (actor) => states.set(actor, activeStates(actor.getSnapshot())));
  const observe = (inspected: InspectionEvent) => {
    const actor = inspected.actorRef as AnyActorRef;
    if (inspected.type === '@xstate.actor') {
      tell(stepOf(actor, 'started', '', [], []));
      return;
    }
    if (inspected.type !== '@xstate.snapshot') return;
    const { snapshot, event } = inspected;
    const from = states.get(actor) ?? [];
    const to = activeStates(snapshot);
    states.set(actor, to);
    if (snapshot.status === 'done') tell(stepOf(actor, 'done', event.type, from, to));
    else if (snapshot.status === 'stopped') tell(stepOf(actor, 'stopped', event.type, from, to));
    else if (snapshot.status === 'error') tell(stepOf(actor, 'crashed', event.type, from, to));
    else if (to.join() !== from.join()) tell(stepOf(actor, 'moved', event.type, from, to));
  };
  const stepOf = (
    actor: AnyActorRef,
    step: ActorStep['step'],
    event: string,
    from: readonly string[],
    to: readonly string[],
  ): ActorStep => {
    const { sessionId: id, id: name } = actor;
    return { time: now(), id, name, parent: parentOf(actor, root), chart: chartOf(actor), step, event, from, to };
  };
  const subscription = root.system.inspect(observe);
  return () => subscription.unsubscribe();
}

/** Many fetches have the same name, each below its role. */
function parentOf(actor: AnyActorRef, root: AnyActorRef): string | null {
  const parent = actor._parent;
  return parent === undefined || parent === root ? null : parent.id;
}
