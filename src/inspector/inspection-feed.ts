import type { InspectionEvent } from 'xstate';
import { inspectedActor, withDescendants, type InspectedActor } from './inspected-actor.js';
import type { MessageMaker } from './message-maker.js';

/** Who looks on. */
export interface Onlookers {
  readonly areThere: boolean;
  tell(message: string): void;
  /** What they were told is no longer the whole story. */
  missSomething(): void;
}

/** What is told of what XState says. */
type Told = Extract<InspectionEvent, { type: '@xstate.actor' | '@xstate.event' | '@xstate.snapshot' }>;

/** Events that may wait to become messages. */
const MOST_WAITING = 10_000;
/** Messages made in one turn of the event loop: a millisecond or two. */
const MADE_AT_ONCE = 250;
/** Actors that a newcomer is told of. */
const MOST_INTRODUCED = 2000;

/**
 * Turns what XState tells of its actors into messages for those who look on, in turns of its own: the turn that decides
 * about duties only notes what happened. Does nothing when nobody is there.
 */
export class InspectionFeed {
  readonly #roots = new Set<InspectedActor>();
  readonly #maker: MessageMaker;
  readonly #onlookers: Onlookers;
  /** What happened, and what is to be done between. */
  #waiting: (Told | (() => void))[] = [];

  constructor(maker: MessageMaker, onlookers: Onlookers) {
    this.#maker = maker;
    this.#onlookers = onlookers;
  }

  /** An XState inspection observer. */
  readonly inspect = (inspected: InspectionEvent): void => {
    const { type } = inspected;
    if (type !== '@xstate.snapshot' && type !== '@xstate.event' && type !== '@xstate.actor') return;
    const actor = inspectedActor(inspected.actorRef);
    if (actor._parent === undefined) this.#noteRoot(actor, inspected);
    if (!this.#onlookers.areThere) return;
    if (this.#waiting.length >= MOST_WAITING) return this.#onlookers.missSomething();
    this.#later(inspected);
  };

  /** Tells a newcomer of every actor that is alive, then calls `done`. What happens from now on is told after that. */
  introduce(send: (message: string) => void, done: () => void): void {
    let introduced = 0;
    for (const root of this.#roots) {
      for (const actor of withDescendants(root)) {
        if (introduced++ >= MOST_INTRODUCED) break;
        this.#later(() => send(this.#maker.actor(actor, root.sessionId)));
      }
    }
    this.#later(done);
  }

  /** All other actors are found from their root. */
  #noteRoot(actor: InspectedActor, inspected: InspectionEvent): void {
    if (inspected.type === '@xstate.actor') this.#roots.add(actor);
    else if (inspected.type === '@xstate.snapshot' && inspected.snapshot.status !== 'active') this.#roots.delete(actor);
  }

  #tell(told: Told): void {
    if (this.#onlookers.areThere) this.#onlookers.tell(this.#message(told));
  }

  #message(told: Told): string {
    switch (told.type) {
      case '@xstate.actor':
        return this.#maker.newActor(inspectedActor(told.actorRef), told.rootId);
      case '@xstate.event':
        return this.#maker.event(told);
      case '@xstate.snapshot':
        return this.#maker.snapshot(told);
    }
  }

  #later(work: Told | (() => void)): void {
    if (this.#waiting.push(work) === 1) setImmediate(() => this.#work());
  }

  #work(): void {
    this.#maker.beginTurn(Date.now());
    const now = this.#waiting.slice(0, MADE_AT_ONCE);
    for (const work of now) {
      if (typeof work === 'function') work();
      else this.#tell(work);
    }
    this.#maker.endTurn();
    this.#waiting = this.#waiting.slice(now.length);
    if (this.#waiting.length > 0) setImmediate(() => this.#work());
  }
}
