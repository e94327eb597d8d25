import { StateMachine, type AnyActorRef, type InspectionEvent } from 'xstate';
import type { BareStep } from './bare-system.js';

/** Notes which actors start in an actor system, and which events reach which of them. */
export class XstateRecorder {
  readonly steps: BareStep[] = [];
  readonly #seen = new WeakSet<AnyActorRef>();

  /** Listens to the system of a root actor, from now on; a second time does nothing. */
  attach(root: AnyActorRef): void {
    if (this.#seen.has(root)) return;
    this.#seen.add(root);
    this.#start(root);
    root.system.inspect((event) => this.#note(event));
  }

  #note(event: InspectionEvent): void {
    if (event.type === '@xstate.actor') this.steps.push(startOf(event.actorRef as AnyActorRef));
    else if (event.type === '@xstate.event') {
      this.steps.push({ step: 'event', actor: event.actorRef.sessionId, type: event.event.type });
    }
  }

  /** Actors that are there already. */
  #start(actor: AnyActorRef): void {
    this.steps.push(startOf(actor));
    const { children } = actor.getSnapshot() as { children?: Record<string, AnyActorRef | undefined> };
    for (const child of Object.values(children ?? {})) if (child !== undefined) this.#start(child);
  }
}

function startOf(actor: AnyActorRef): BareStep {
  const parent = (actor as { _parent?: AnyActorRef })._parent?.sessionId;
  const isMachine = (actor as { logic?: unknown }).logic instanceof StateMachine;
  return { step: 'start', actor: actor.sessionId, id: actor.id, parent, isMachine };
}
