import { adjacencyMapToArray, getAdjacencyMap, getShortestPaths } from 'xstate/graph';
import { getInitialSnapshot, getNextSnapshot } from 'xstate';
import type {
  ActorLogic,
  AnyMachineSnapshot,
  AnyStateMachine,
  EventFromLogic,
  EventObject,
  SnapshotFrom,
} from 'xstate';

/** A way through a spec machine: its events, and what the spec says after each. */
export interface Path<TSpec extends AnyStateMachine> {
  readonly name: string;
  readonly steps: readonly { readonly event: EventFromLogic<TSpec>; readonly state: SnapshotFrom<TSpec> }[];
}

/**
 * One path per transition of a spec machine: the shortest way to its source, then the transition itself, so that those
 * that lead back to where they began are taken too. What its context has in `last` is what was told last, and no part
 * of the state.
 */
export function transitionPaths<TSpec extends AnyStateMachine>(
  spec: TSpec,
  types: readonly EventFromLogic<TSpec>['type'][],
): Path<TSpec>[] {
  const machine: ActorLogic<AnyMachineSnapshot, EventObject> = spec;
  const options = {
    events: types.map((type) => ({ type })),
    filterEvents: (state: AnyMachineSnapshot, event: EventObject) => state.status === 'active' && state.can(event),
    serializeState: nameOf,
  };
  const wayTo = new Map<string, readonly EventObject[]>();
  // The first step of a way is the start.
  for (const { state, steps } of getShortestPaths(machine, options)) {
    wayTo.set(
      nameOf(state),
      steps.slice(1).map(({ event }) => event),
    );
  }
  return adjacencyMapToArray(getAdjacencyMap(machine, options)).map(({ state: source, event }) => {
    const steps = played(spec, [...wayTo.get(nameOf(source))!, event]);
    return { name: steps.map((step) => step.event.type).join(' → '), steps: steps as unknown as Path<TSpec>['steps'] };
  });
}

interface Step {
  readonly event: EventObject;
  readonly state: AnyMachineSnapshot;
}

function played(spec: AnyStateMachine, events: readonly EventObject[]): Step[] {
  let state = getInitialSnapshot(spec) as AnyMachineSnapshot;
  return events.map((event) => ({ event, state: (state = getNextSnapshot(spec, state, event)) }));
}

function nameOf(state: AnyMachineSnapshot): string {
  const { status } = state;
  const value: unknown = state.value;
  const context = { ...(state.context as object), last: undefined };
  return JSON.stringify({ value, status, context });
}
