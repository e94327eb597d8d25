/** The machines as they are between two turns, so that a journal can be replayed whose beginning is gone. */
import type { AnyActorRef, AnyEventObject, Snapshot } from 'xstate';
import { slotAt } from '../../machines/rules/chain-time.js';
import type { SchedulerActor } from '../actors/scheduler-logic.js';
import type { Beginning } from '../entrance/input.js';
import type { LiveEntrance } from '../entrance/live-entrance.js';
import { stateToJson } from './state-values.js';

/** Version of the state; a reader refuses another. */
export const STATE_VERSION = 1;

/** A timer of XState's that is set. */
export interface SetTimer {
  readonly n: number;
  /** Ids from below the root down to the actor that set it, and to whom it rings. */
  readonly source: readonly string[];
  readonly target: readonly string[];
  readonly event: AnyEventObject;
  /** XState's name for it. */
  readonly id: string;
  /** Unix ms. */
  readonly deadline: number;
}

/** A line of type `machine-state`. */
export interface MachineState {
  readonly version: typeof STATE_VERSION;
  readonly beginning: Beginning;
  readonly questions: number;
  readonly timers: number;
  readonly set: readonly SetTimer[];
  readonly actor: Snapshot<unknown>;
}

/** XState's list of delayed events; it is in the order in which they were set. */
interface ScheduledEvent {
  readonly id: string;
  readonly event: AnyEventObject;
  readonly source: AnyActorRef;
  readonly target: AnyActorRef;
}

/** The line with its newline; undefined in the middle of a turn, when the machines are between two states. */
export function machineStateLine(
  actor: SchedulerActor,
  entrance: LiveEntrance,
  beginning: Beginning,
): string | undefined {
  if (entrance.isBusy) return undefined;
  const { questions, timers, timersSet } = entrance.counters;
  const { _scheduledEvents: scheduled } = actor.system.getSnapshot() as {
    readonly _scheduledEvents: Record<string, ScheduledEvent>;
  };
  const events = Object.values(scheduled);
  // Both lists are in the order of setting; if they do not match, nothing can be said of the timers.
  if (events.length !== timersSet.length) return undefined;
  const set = events.map(({ id, event, source, target }, i): SetTimer => {
    const { n, deadline } = timersSet[i]!;
    return { n, deadline, id, event, source: pathOf(source), target: pathOf(target) };
  });
  const { clock, random } = entrance;
  const time = clock.now();
  const state: MachineState = {
    version: STATE_VERSION,
    beginning,
    questions,
    timers,
    set,
    actor: actor.getPersistedSnapshot(),
  };
  const dated = { type: 'machine-state', time, slot: slotAt(beginning.chain, time) };
  return `${stateToJson({ ...dated, ...state }, clock, random)}\n`;
}

function pathOf(actor: AnyActorRef): string[] {
  const path: string[] = [];
  for (let at: AnyActorRef = actor; at._parent !== undefined; at = at._parent) path.unshift(at.id);
  return path;
}

/** The actor at the end of a path. Throws a `TypeError` where there is none. */
export function actorAt(root: SchedulerActor, path: readonly string[]): AnyActorRef {
  let at = root as unknown as AnyActorRef;
  for (const id of path) {
    const { children } = at.getSnapshot() as { readonly children?: Record<string, AnyActorRef | undefined> };
    const child = children?.[id];
    if (child === undefined) throw new TypeError(`there is no actor ${path.join('/')}`);
    at = child;
  }
  return at;
}
